"""The sets of Autobahn cases, and the verdict on a report.

cases.py spec SET PORT OUTDIR      the fuzzing server's specification, on stdout
cases.py report SET INDEX.json     a summary; exit status 1 unless every case of the set is there and OK
cases.py table INDEX.json...       every case's verdict as a table, for docs/autobahn.md; a comma joins the sets of one suite
"""

import collections
import json
import os
import sys

# Cases match as unanchored patterns, so the small set is listed: 16 to 1024 bytes, and 8 KiB in fragments of 256 bytes.
SMALL = [f"12.{a}.{b}" for a in range(1, 6) for b in (1, 2, 3, 4, 11)]
SMALL += [f"13.{a}.{b}" for a in range(1, 8) for b in (1, 2, 3, 4, 11)]
SETS = {
    "quick": (["*"], ["9.*", "12.*", "13.*"], 247),
    "limits": (["9.*"], [], 54),
    "compress-small": (SMALL, [], 60),
    "compress": (["12.*", "13.*"], [], 216),
}
# These observe the client and have no right answer: 7.1.6, 7.13.1 and 7.13.2.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}


def spec(name: str, port: str, directory: str) -> None:
    cases, excluded, _ = SETS[name]
    print(json.dumps({
        "url": f"ws://127.0.0.1:{port}", "outdir": directory, "cases": cases, "exclude-cases": excluded,
        "exclude-agent-cases": {},
    }))


def report(name: str, path: str) -> int:
    expected = SETS[name][2]
    agents = json.load(open(path)) if os.path.exists(path) else {}
    cases = next(iter(agents.values()), {})
    verdicts = collections.Counter(case["behavior"] for case in cases.values())
    print(f"{name}: {len(cases)} of {expected} cases, {dict(verdicts)}")
    bad = expected - len(cases)
    for number, case in sorted(cases.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
        allowed = {"OK", "INFORMATIONAL"} if number in INFORMATIONAL else {"OK"}
        if case["behavior"] not in allowed or case["behaviorClose"] not in allowed:
            bad += 1
            print(f"  {number}: {case['behavior']}, close {case['behaviorClose']}, code {case['remoteCloseCode']}")
    print(f"{name}: {bad} not OK")
    return 1 if bad else 0


SECTIONS = {
    1: "framing", 2: "pings and pongs", 3: "reserved bits", 4: "opcodes", 5: "fragmentation", 6: "UTF-8",
    7: "close", 9: "limits, performance", 10: "miscellaneous", 12: "compression", 13: "compression parameters",
}


def numbers(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


def table(suites: list[str]) -> None:
    verdicts = collections.defaultdict(lambda: ["not run"] * len(suites))
    for place, paths in enumerate(suites):
        for path in paths.split(","):
            for case, result in next(iter(json.load(open(path)).values())).items():
                pair = [result["behavior"], result["behaviorClose"]]
                verdicts[case][place] = pair[0] if pair[0] == pair[1] else ", close ".join(pair)
    runs = []
    for case in sorted(verdicts, key=numbers):
        *group, last = numbers(case)
        if runs and runs[-1]["group"] == group and runs[-1]["last"] == last - 1 and runs[-1]["is"] == verdicts[case]:
            runs[-1]["last"] = last
        else:
            runs.append({"group": group, "first": last, "last": last, "is": verdicts[case]})
    for run in runs:
        prefix = ".".join(map(str, run["group"]))
        cases = f"{prefix}.{run['first']}" + (f" to {prefix}.{run['last']}" if run["last"] > run["first"] else "")
        count = run["last"] - run["first"] + 1
        print(f"| {cases} | {SECTIONS[run['group'][0]]} | {count} | {' | '.join(run['is'])} |")


if __name__ == "__main__":
    if sys.argv[1] == "spec":
        spec(*sys.argv[2:5])
    elif sys.argv[1] == "table":
        table(sys.argv[2:])
    else:
        sys.exit(report(*sys.argv[2:4]))
