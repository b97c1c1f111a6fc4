"""What the built daemon makes of ledgers of every size, for Tests/Benchmarks/ledger.sh.

    ledger.py start BIN FOLDER     time to ready and peak memory with FOLDER/few and FOLDER/many
    ledger.py follow BIN FOLDER    FOLDER/owners: how soon a new follow is noticed, and at how many questions
"""

import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PART, BIN, FOLDER = sys.argv[1:4]
INTERVAL = int(os.environ.get("LEDGER_INTERVAL", "60"))
RULES = """
rules:
  - name: issues
    collections: [com.example.change.request]
    operations: [create]
    reference_paths: [subject.uri, subject]
    project_collections: [com.example.project]
    project_name_path: name
    link: "https://example.org/{{project.did}}/{{request.rkey}}"
    message: "{{author.name}} asks for a change of {{project.name}}"
"""


class AppView:
    """Knows who follows, and who asked."""

    def __init__(self):
        self.followers, self.questions = [], []
        view = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                url = urllib.parse.urlsplit(self.path)
                query = urllib.parse.parse_qs(url.query)
                view.questions.append((time.time(), url.path))
                if url.path.endswith("getFollowers"):
                    answer = {"followers": [{"did": did} for did in view.followers[:100]]}
                else:
                    answer = {"relationships": [
                        {"did": did} | ({"followedBy": "at://x"} if did in view.followers else {})
                        for did in query.get("others", [])
                    ]}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Sandbox:
    def __init__(self):
        self.process = subprocess.Popen(
            [f"{BIN}/impact-sandbox", "serve", "--account", "bot.test"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.info = json.loads(self.process.stdout.readline())
        self.bot = self.info["accounts"][0]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Daemon:
    def __init__(self, sandbox, ledger, appview=None):
        self.folder = f"{FOLDER}/daemon"
        self.state = f"{self.folder}/state"
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.state, mode=0o700)
        shutil.copy(f"{FOLDER}/{ledger}/ledger.sqlite", self.state)
        with open(f"{self.folder}/configuration.yaml", "w") as file:
            file.write(f"""account: {sandbox.bot["did"]}
state_directory: {self.state}
stream:
  hosts: ["{sandbox.info["streams"][0]["jetstream2"]}"]
identity:
  plc_directory: {sandbox.info["plc"]}
  appview: {appview or sandbox.info["appview"]}
session:
  kind: loopback
status:
  listen: "off"
policy:
  recipients: followers
  follow_interval: {INTERVAL}s
development:
  allow_loopback: true
{RULES}""")
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": self.folder,
                            "IMPACT_NOTIFIER_CONFIG": f"{self.folder}/configuration.yaml"}
        self.log_in()

    def log_in(self):
        login = subprocess.Popen([f"{BIN}/impact-notifier", "login"], env=self.environment, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        lines = []
        for line in login.stdout:
            lines.append(line)
            if "/oauth/authorize" in line:
                url = line[line.index("http"):].split()[0]
                threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=20).read(), daemon=True).start()
        assert login.wait() == 0, "".join(lines)

    def run(self):
        """Starts it; seconds until it says that it is ready."""
        import socket
        path = f"{self.folder}/notify"
        if os.path.exists(path):
            os.remove(path)
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(path)
        notify.settimeout(120)
        self.log = open(f"{self.folder}/log", "ab")
        start = time.time()
        self.process = subprocess.Popen([f"{BIN}/impact-notifier", "run"], stdout=self.log, stderr=self.log,
                                        env=self.environment | {"NOTIFY_SOCKET": path})
        while b"READY=1" not in notify.recv(4096):
            pass
        return time.time() - start

    def peak(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(file.read().split("VmHWM:")[1].split()[0]) / 1024

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def ask(self, sql, *values):
        connection = sqlite3.connect(f"file:{self.state}/ledger.sqlite?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(sql, values).fetchone()
        finally:
            connection.close()


def start():
    sandbox = Sandbox()
    times, peaks, rows = {}, {}, {}
    for name in ("few", "many"):
        daemon = Daemon(sandbox, name)
        rows[name] = daemon.ask("SELECT count(*) FROM request")[0]
        times[name], peaks[name] = [], []
        for _ in range(6):
            times[name].append(daemon.run())
            # Its loops have had their first turns.
            time.sleep(1.5)
            peaks[name].append(daemon.peak())
            daemon.stop()
    sandbox.stop()
    # The first start of each warms the files up.
    few, many = (statistics.median(times[name][1:]) for name in ("few", "many"))
    less, more = (statistics.median(peaks[name][1:]) for name in ("few", "many"))
    print(f"ready with {rows['few']} finished after {few:.2f} s, with {rows['many']} after {many:.2f} s: {many / few:.2f}")
    print(f"peak memory {less:.1f} MiB and {more:.1f} MiB: {more - less:+.1f}")
    return many <= 3 * few and more - less <= 10


def follow():
    sandbox, appview = Sandbox(), AppView()
    # What waits is looked at anew under other settings: that was done before.
    daemon = Daemon(sandbox, "few", appview.url)
    daemon.run()
    while not (settings := daemon.ask("SELECT value FROM setting WHERE name = 'settings-in-force' AND value <> ''")):
        time.sleep(0.2)
    daemon.stop()
    daemon = Daemon(sandbox, "owners", appview.url)
    with sqlite3.connect(f"{daemon.state}/ledger.sqlite") as connection:
        connection.execute("INSERT INTO setting VALUES ('settings-in-force', ?)", settings)
    connection.close()
    waiting = daemon.ask("SELECT count(*) FROM recipient WHERE ask_at IS NOT NULL")[0]
    daemon.run()
    # Ten questions are asked on credit, once.
    time.sleep(12)
    noticed, begun, cpu = [], time.time(), daemon.cpu()
    # The last of those who wait to be asked after: no round finds them in time.
    for (did,) in [daemon.ask("SELECT did FROM recipient WHERE follows = 0 ORDER BY ask_at DESC LIMIT 1 OFFSET ?", n)
                   for n in range(2)]:
        appview.followers.insert(0, did)
        since = time.time()
        while daemon.ask("SELECT count(*) FROM job WHERE owner = ? AND state = 'deferred'", did)[0]:
            time.sleep(0.2)
            if time.time() - since > 3 * INTERVAL:
                break
        noticed.append(time.time() - since)
    seconds = time.time() - begun
    if seconds < INTERVAL:
        time.sleep(INTERVAL - seconds)
    seconds = time.time() - begun
    asked = sum(1 for at, _ in appview.questions if at >= begun)
    share = (daemon.cpu() - cpu) / seconds
    peak = daemon.peak()
    daemon.stop()
    sandbox.stop()
    print(f"{waiting} owners wait, interval {INTERVAL} s: new follows noticed after "
          f"{' and '.join(f'{time:.1f} s' for time in noticed)}")
    print(f"{asked} questions in {seconds:.0f} s: {asked / seconds:.2f} a second; CPU {100 * share:.1f} % of a core; "
          f"peak memory {peak:.1f} MiB")
    return max(noticed) <= INTERVAL + 2 and asked <= seconds + 2


good = {"start": start, "follow": follow}[PART]()
if not good:
    print("VIOLATION")
sys.exit(0 if good else 1)
