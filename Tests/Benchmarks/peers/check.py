"""Reads the results of runs.

check.py RUNS.jsonl               generous bounds on ours / climit, for CI; exit status 1 beyond them
check.py live RUNS.jsonl          live pace: microseconds of CPU per message, ratios round by round, added latency
check.py memory                   resident memory after the first million messages and at the end, from stdin
"""

import collections
import json
import statistics
import sys

# Ours decodes what the limit program only searches. Beyond these it is a mistake, not noise.
BOUNDS = {"filter": 2.0, "tls": 1.6, "deflate": 1.4}


def cpu(run: dict) -> float:
    return (run["cpu_u"] + run["cpu_s"]) / run["n"] * 1e6


def check(path: str) -> int:
    runs = collections.defaultdict(list)
    for line in open(path):
        run = json.loads(line)
        if run["want"] == "filter":
            runs[run["group"], run["key"]].append(cpu(run))
    failed = 0
    for group, bound in BOUNDS.items():
        # The quickest run of each: what else the machine did has made the others slower.
        ratio = min(runs[group, "ours"]) / min(runs[group, "climit"])
        print(f"{group}: {ratio:.2f} of the limit program, at most {bound}")
        failed |= ratio > bound
    return failed


def live(path: str) -> None:
    runs = collections.defaultdict(list)
    for line in open(path):
        run = json.loads(line)
        runs[run["key"]].append(run)

    def ratio(one: str, other: str) -> str:
        pairs = sorted(cpu(a) / cpu(b) for a, b in zip(runs[one], runs[other]))
        return f"{statistics.median(pairs):.2f} ({pairs[0]:.2f}-{pairs[-1]:.2f})"

    print("| client | us of CPU per message | to climit | to climit 10 ms |\n|---|---|---|---|")
    for key in runs:
        if "timed" not in key:
            us = statistics.median(map(cpu, runs[key]))
            print(f"| {key} | {us:.2f} | {ratio(key, 'climit')} | {ratio(key, 'climit 10 ms')} |")
    timed = runs["ours 10 ms, timed"]
    p50 = statistics.median(run["latency_p50_ms"] for run in timed)
    p99 = sorted(run["latency_p99_ms"] for run in timed)
    print(f"added latency with 10 ms: p50 {p50:.1f} ms, p99 {statistics.median(p99):.1f} ms, in the worst run {p99[-1]:.1f} ms")


def memory() -> None:
    run = json.loads(sys.stdin.read().splitlines()[-1])
    print(f"{run['n']} messages: {run['rss_million_kb']} KiB resident after a million, {run['rss_end_kb']} KiB at the end")


if sys.argv[1] == "live":
    live(sys.argv[2])
elif sys.argv[1] == "memory":
    memory()
else:
    sys.exit(check(sys.argv[1]))
