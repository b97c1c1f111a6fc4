#!/usr/bin/env python3
"""Looks at the page for people in Chromium, over its DevTools pipe; without anything but Python's own library."""
import atexit
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

# What a person would see wrong, found in the page itself.
FAULTS = r"""
(() => {
  const faults = [];
  const channel = (value) => { value /= 255; return value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4; };
  const parse = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((m, n) => n - m); return (x + .05) / (y + .05); };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility === "visible";
  for (const element of document.body.querySelectorAll("*")) {
    if (!seen(element) || element.closest("script, .unseen")) continue;
    const style = getComputedStyle(element);
    if (element.localName === "rect") {
      if (contrast(parse(style.fill), ground(element)) < 3) faults.push("a column is hard to see: " + style.fill);
      continue;
    }
    const text = Array.from(element.childNodes).filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join("");
    if (!text || element.closest("svg")) continue;
    const size = parseFloat(style.fontSize), isLarge = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
    const ratio = contrast(parse(style.color), ground(element));
    if (ratio < (isLarge ? 3 : 4.5)) faults.push(`${ratio.toFixed(2)} is little contrast: ${text.slice(0, 40)}`);
    if (size < 12) faults.push("small: " + text.slice(0, 40));
  }
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) faults.push(`the page is ${root.scrollWidth} wide in ${innerWidth}`);
  if (!root.lang) faults.push("no language");
  if (!document.title) faults.push("no title");
  for (const name of ["header", "main", "footer", "h1"])
    if (document.querySelectorAll(name).length !== 1) faults.push("not one " + name);
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const next = Number(heading.localName[1]);
    if (next > level + 1) faults.push("a heading is left out before: " + heading.textContent);
    level = next;
  }
  for (const cell of document.querySelectorAll("th")) if (!cell.scope) faults.push("no scope: " + cell.textContent);
  for (const picture of document.querySelectorAll("svg")) {
    const name = document.getElementById(picture.getAttribute("aria-labelledby"));
    if (picture.getAttribute("role") !== "img" || !name?.textContent) faults.push("a picture without a name");
  }
  for (const region of document.querySelectorAll("[role=region], section"))
    if (!document.getElementById(region.getAttribute("aria-labelledby"))?.textContent) faults.push("a part without a name");
  for (const button of document.querySelectorAll("button")) if (!button.textContent.trim()) faults.push("a button without a name");
  return faults;
})()
"""


class Chromium:
    """A headless Chromium of our own with one page."""

    def __init__(self, path):
        self.folder = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        theirs, ours = os.pipe()
        answers, theirs_out = os.pipe()
        # It reads descriptor 3 and writes descriptor 4.
        command = f'exec 3<&{theirs} 4>&{theirs_out}; exec "$@"'
        arguments = [
            path, "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", f"--user-data-dir={self.folder}",
            "about:blank",
        ]
        if os.geteuid() == 0:
            arguments.insert(1, "--no-sandbox")
        self.process = subprocess.Popen(
            ["bash", "-c", command, "bash"] + arguments, pass_fds=(theirs, theirs_out),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(theirs_out)
        self.ours, self.answers = ours, answers
        self.buffer, self.number, self.session = b"", 0, None
        self.requests, self.errors = [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")

    def close(self):
        self.process.kill()
        self.process.wait()

    def receive(self, limit):
        end = time.monotonic() + limit
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.answers], [], [], left)[0]:
                return None
            piece = os.read(self.answers, 1 << 20)
            if not piece:
                raise SystemExit("FAILED: the browser has ended")
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(text)
        what, details = message.get("method"), message.get("params", {})
        if what == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            self.errors.append(details["exceptionDetails"]["text"])
        elif what == "Log.entryAdded" and details["entry"]["level"] in ("error", "warning"):
            self.errors.append(details["entry"]["text"])
        elif what == "Runtime.consoleAPICalled" and details["type"] in ("error", "warning", "assert"):
            self.errors.append(str(details["args"]))
        return message

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.ours, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            answer = self.receive(end - time.monotonic())
            if answer and answer.get("id") == self.number:
                if "error" in answer:
                    raise SystemExit(f"FAILED: {method}: {answer['error']}")
                return answer["result"]
        raise SystemExit(f"FAILED: no answer to {method}")

    def evaluate(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise SystemExit(f"FAILED: {result['exceptionDetails']}")
        return result["result"].get("value")

    def pause(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.receive(end - time.monotonic())

    def show(self, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, url):
        self.requests, self.errors = [], []
        self.call("Page.navigate", url=url)
        end = time.monotonic() + 20
        while self.evaluate("document.readyState") != "complete":
            if time.monotonic() > end:
                raise SystemExit("FAILED: the page is not complete after 20 s")
            self.pause(0.1)

    def picture(self, file):
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")["data"]
        with open(file, "wb") as output:
            output.write(base64.b64decode(data))


def complain(faults):
    if faults:
        raise SystemExit("FAILED: " + "\n        ".join(dict.fromkeys(faults)))


def look(path, url, folder, name, text):
    """Looks at the page in both widths and both schemes, and takes a picture of each."""
    browser = Chromium(path)
    faults = []
    for width in (360, 1280):
        for scheme in ("light", "dark"):
            browser.show(width, scheme)
            browser.open(url)
            # One renewal is part of what is looked at.
            browser.evaluate("document.querySelectorAll('details').forEach((element) => { element.open = true })")
            browser.pause(6)
            place = f"{width} px, {scheme}: "
            if not browser.evaluate("Array.from(document.querySelectorAll('details')).every((element) => element.open)"):
                faults.append(place + "a renewal closes what was opened")
            if text not in browser.evaluate("document.body.innerText"):
                faults.append(place + f"it does not say “{text}”")
            faults += [place + fault for fault in browser.evaluate(FAULTS)]
            faults += [place + "it loads " + url_ for url_ in browser.requests if not url_.startswith((url, "data:"))]
            if len([url_ for url_ in browser.requests if url_ == url]) < 2:
                faults.append(place + "it does not renew itself")
            faults += [place + "the console says: " + error for error in browser.errors]
            browser.picture(f"{folder}/{name}-{width}-{scheme}.png")
    browser.close()
    complain(faults)
    print(f"ok: {name}: right at 360 and 1280 px, light and dark")


def renew(path, url, folder, name, text):
    """Keeps the page open until it says something by itself."""
    browser = Chromium(path)
    browser.show(1280, "light")
    browser.open(url)
    end = time.monotonic() + 40
    while text not in browser.evaluate("document.body.innerText"):
        if time.monotonic() > end:
            browser.picture(f"{folder}/{name}-failed.png")
            raise SystemExit(f"FAILED: the open page does not come to say “{text}”")
        browser.pause(0.5)
    complain(browser.evaluate(FAULTS))
    browser.picture(f"{folder}/{name}-renewed.png")
    browser.close()
    print(f"ok: {name}: the open page says so by itself")


def ask(control, author, project, count):
    """Writes so many change requests."""
    for number in range(int(count)):
        record = {"title": f"Request {number + 2}", "subject": project}
        body = json.dumps({"repo": author, "collection": "org.example.change.request", "record": record}).encode()
        headers = {"Content-Type": "application/json"}
        urllib.request.urlopen(urllib.request.Request(control + "/records", body, headers)).read()


def hold(file):
    """Holds SQLite's lock for writers (sqlite.org/walformat.html, §2.3.1) until it is killed."""
    with open(file, "r+b") as shared:
        fcntl.lockf(shared, fcntl.LOCK_EX, 1, 120)
        # Behind seventy seconds the daemon would end.
        time.sleep(65)


def seconds(process):
    with open(f"/proc/{process}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(url, process, span=40):
    """What twenty open pages cost: the share of a core beyond that of the daemon without them."""
    before = seconds(process)
    time.sleep(span)
    idle = seconds(process) - before
    stop = threading.Event()

    def read(delay):
        stop.wait(delay)
        while not stop.is_set():
            request = urllib.request.Request(url, headers={"Accept": "text/html"})
            urllib.request.urlopen(request).read()
            stop.wait(5)

    readers = [threading.Thread(target=read, args=(number / 4,)) for number in range(20)]
    before = seconds(process)
    for reader in readers:
        reader.start()
    time.sleep(span)
    busy = seconds(process) - before
    stop.set()
    for reader in readers:
        reader.join()
    share = (busy - idle) / span * 100
    print(f"{idle / span * 100:.2f} % of a core without them, {busy / span * 100:.2f} % with twenty: {share:.2f} %")
    complain(["twenty open pages cost more than 1 % of a core"] if share >= 1 else [])


if __name__ == "__main__":
    {"look": look, "renew": renew, "ask": ask, "hold": hold, "cost": cost}[sys.argv[1]](*sys.argv[2:])
