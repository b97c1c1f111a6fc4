#!/usr/bin/env python3
"""Runs clients in turn against two replay servers, and appends a line of JSON for each run to $WSRESULTS.

    run.py GROUP[,GROUP...] [REPETITIONS] [only=CLIENT,...] [n=MESSAGES] [rate=MESSAGES_A_SECOND]

The servers, on 9300 over TCP and on 9301 over TLS, have core 0, the clients core 1; all are nice -12 when root starts them.
"""

import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
CLIENTS = HERE + "/clients/"
PYTHON = os.environ.get("WSPY", "python3")

# A client's command without its arguments, which all take alike: HOST PORT STREAM MESSAGES MODE TLS.
COMMANDS = {
    "ours": os.environ.get("OURS", "").split(),
    "climit": [CLIENTS + "climit"],
    "beast": [CLIENTS + "beast"],
    "picows": [PYTHON, CLIENTS + "py_picows.py"],
    "websockets": [PYTHON, CLIENTS + "py_websockets.py"],
}
# At a live pace: both with the same rests, the limit program then with OpenSSL's read-ahead; and without TLS, frames and
# search, which is what the kernel alone costs.
COMMANDS |= {
    "climit 10 ms": ["env", "COALESCE=10", "READAHEAD=65536", *COMMANDS["climit"]],
    "recv 10 ms": ["env", "COALESCE=10", *COMMANDS["climit"]],
    "ours 0 ms": ["env", "COALESCE=0", *COMMANDS["ours"]],
    "ours 10 ms": ["env", "COALESCE=10", *COMMANDS["ours"]],
    "ours 10 ms, timed": ["env", "COALESCE=10", "RATE={rate}", *COMMANDS["ours"]],
}
EVERYBODY = ["ours", "climit", "beast", "picows", "websockets"]

# The runs of a group in order: client, stream, mode, whether over TLS.
GROUPS = {
    "filter": [(client, "plain", "filter", False) for client in EVERYBODY],
    "tls": [(client, "plain", "filter", True) for client in EVERYBODY]
    + [(client, "plain", "recv", True) for client in ["climit", "beast", "picows"]],
    "deflate": [(client, "deflate_ct", "filter", False) for client in EVERYBODY],
    "noct": [(client, "deflate_noct", "filter", False) for client in EVERYBODY],
    "relay": [(client, "relay", "recv", False) for client in EVERYBODY],
    "live": [("climit", "plain", "filter", True), ("climit 10 ms", "plain", "filter", True),
             ("recv 10 ms", "plain", "raw", False)]
    + [(client, "plain", "filter", True) for client in ["ours 0 ms", "ours 10 ms", "ours 10 ms, timed"]],
}


def messages(client: str, stream: str, tls: bool) -> int:
    """How many messages make a run of some seconds."""
    if stream == "relay":
        return 60_000
    quick = 200_000 if client == "websockets" else 1_000_000
    return max(50_000, quick // (5 if stream.startswith("deflate") else 2 if tls else 1))


def start(port: int, rate: str | None, nice: list[str], *more: str) -> subprocess.Popen:
    data = os.environ["WSDATA"]
    paced = ["--rate", rate] if rate else []
    command = [*nice, "taskset", "-c", "0", HERE + "/server/wsserver", str(port), data, *more, *paced]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def run(client: str, stream: str, mode: str, tls: bool, count: int, rate: str | None, nice: list[str]) -> dict | None:
    """What a client reports; None, and a line that says so, when it fails."""
    port = "9301" if tls else "9300"
    command = [part.format(rate=rate) for part in COMMANDS[client]]
    command += ["127.0.0.1", port, stream, str(count), mode, "1" if tls else "0"]
    environment = dict(os.environ, PYTHONPATH=CLIENTS)
    errors = ""
    try:
        ended = subprocess.run(
            [*nice, "taskset", "-c", "1", *command], capture_output=True, text=True, timeout=90, env=environment)
        errors = ended.stderr[-300:]
        report = json.loads(ended.stdout.strip().splitlines()[-1])
    except Exception as error:
        print("FAIL", client, stream, mode, tls, repr(error)[:200], errors)
        return None
    if report["n"] != count:
        print("SHORT", client, stream, mode, report["n"], count)
    return report


def main() -> None:
    words = [word for word in sys.argv[1:] if "=" not in word]
    options = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    groups, repetitions = words[0].split(","), int(words[1]) if len(words) > 1 else 3
    only, rate = options.get("only", "").split(","), options.get("rate")
    nice = ["nice", "-n", "-12"] if os.geteuid() == 0 else []
    certificate = ["--tls", HERE + "/server/cert.pem", HERE + "/server/key.pem"]
    servers = [start(9300, rate, nice), start(9301, rate, nice, *certificate)]
    time.sleep(0.5)
    try:
        with open(os.environ["WSRESULTS"], "a") as results:
            for group in groups:
                for repetition in range(repetitions):
                    for client, stream, mode, tls in GROUPS[group]:
                        if only != [""] and client not in only:
                            continue
                        count = int(options.get("n", messages(client, stream, tls)))
                        report = run(client, stream, mode, tls, count, rate, nice)
                        if report is None:
                            continue
                        report |= {"key": client, "group": group + (rate or ""), "stream": stream, "want": mode,
                                   "tls": int(tls), "rep": repetition, "load": os.getloadavg()[0]}
                        results.write(json.dumps(report) + "\n")
                        results.flush()
    finally:
        for server in servers:
            server.terminate()


main()
