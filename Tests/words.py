#!/usr/bin/env python3
"""Prints every sentence that an operator sees, by kind and file ("make words"); with kinds as arguments only those.

A sentence stands in the source, in a literal of more than one word; what is put into it is shown as {expression}. SQL,
the sandbox and what is written to owners are left out. So that a list can be compared with the one before,
there are no line numbers.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEFT_OUT = (
    "Sources/Sandbox/", "Sources/ImpactSandbox/", "Sources/LedgerStorage/LedgerSchema", "Sources/Notifier/Answers/",
    "Sources/Notifier/Composing/", "Sources/Notifier/Mentions/MentionPost.swift",
)
KINDS = {
    "log": "messages of the log",
    "log-data": "values of the log's keys",
    "reason": "what becomes of a request, a job, a session",
    "error": "errors, problems of the configuration, findings",
    "page": "the page and status",
    "help": "help of commands",
    "metric": "HELP of metrics",
    "alert": "alerts",
    "output": "whatever else is printed",
}
# Log messages that no call of the logger holds: those of a gap that is closed, and of an output.
LOG = {"GapBackfiller.swift": ("gap ",), "OutputQueue.swift": ("output ", "notifications ")}
SQL = re.compile(r"\b(SELECT|INSERT|DELETE|CREATE|WHERE|COALESCE|ORDER BY|IS NOT NULL|AND \(?\{)|_at\b|\{sql: ", re.I)


def literals(text):
    """Each string literal of a Swift source: what it says, the calls around it as (name, label), the code before it."""
    calls, index, pieces = [], 0, []
    while index < len(text):
        character = text[index]
        if text.startswith("//", index):
            index = text.find("\n", index)
            if index < 0:
                break
        elif text.startswith("#/", index):
            index = text.index("/#", index + 2) + 2
        elif character in '"#' and re.compile(r'#*"').match(text, index):
            hashes = len(re.compile(r"#*").match(text, index)[0])
            said, end = literal(text, index + hashes, hashes)
            yield said, [call[:] for call in calls], text[max(0, index - 300):index], index, end
            index = end
        elif character in "([{":
            calls.append([re.search(r"[\w.?]*$", text[max(0, index - 80):index])[0], ""])
            index += 1
        elif character in ")]}":
            if calls:
                calls.pop()
            index += 1
        elif character == "," and calls:
            calls[-1][1] = ""
            index += 1
        else:
            label = re.compile(r"(\w+):\s").match(text, index)
            if label and calls and not text[index - 1].isalnum():
                calls[-1][1] = label[1]
            index += len(label[0]) if label else 1


def literal(text, start, hashes):
    """What the literal says that begins with the quote at start, and where it ends."""
    mark = '"""' if text.startswith('"""', start) else '"'
    end, interpolation = mark + "#" * hashes, "\\" + "#" * hashes + "("
    index, said = start + len(mark), ""
    while not text.startswith(end, index):
        if text.startswith(interpolation, index):
            depth, begin = 1, index + len(interpolation)
            index = begin
            while depth:
                if text[index] == '"':
                    index = literal(text, index, 0)[1] - 1
                depth += {"(": 1, ")": -1}.get(text[index], 0)
                index += 1
            said += "{" + re.sub(r"\s+", " ", text[begin:index - 1]) + "}"
        elif text[index] == "\\" and not hashes:
            said += "" if text[index + 1] == "\n" else text[index + 1] if text[index + 1] in '"\\' else " "
            index += 2
        else:
            said += text[index]
            index += 1
    return re.sub(r"\s+", " ", said).strip() if mark != '"' else said, index + len(end)


def kind(path, said, calls, before):
    """The kind of a literal of the file, among these calls."""
    if said.startswith(LOG.get(path.split("/")[-1], ())):
        return "log"
    for name, label in reversed(calls):
        if re.search(r"[lL]ogger\??\.(trace|debug|info|notice|warning|error|critical|log)$", name):
            return "log" if label in ("", "level") else "log-data"
        if name in ("ArgumentHelp", "CommandConfiguration") or label in ("help", "abstract", "discussion"):
            return "help"
        if label == "metadata":
            return "log-data"
    if path.endswith("MetricHelp.swift"):
        return "metric"
    if re.search(r"(metadata\[\"\w+\"\] = |detail\[\"\w+\"\] = )\S*$", before):
        return "log-data"
    if re.search(r"(Reason\+Sentence|RequesterReason|SessionState)\w*\.swift$", path):
        return "reason"
    if re.search(r"ImpactNotifier/Status/", path):
        return "page"
    if any(re.search(r"(Error|Failure|Problem|Objection|Refusal|failure|flag|wrong|require)$", call) for call, _ in calls):
        return "error"
    if any(label in ("sentence", "detail", "reason", "advice", "remedy", "objection") for _, label in calls):
        return "error"
    return "output" if "ImpactNotifier/" in path else "error"


def sentences():
    for path in sorted(ROOT.glob("Sources/*/**/*.swift")):
        name = str(path.relative_to(ROOT))
        if name.startswith(LEFT_OUT):
            continue
        text, last = path.read_text(), None
        for said, calls, before, start, end in literals(text):
            if last and re.fullmatch(r"\s*\+\s*", text[last[2]:start]):
                last[1] += said
                last[2] = end
                continue
            if last:
                yield last[0], name, last[1]
            last = [kind(name, said, calls, before), said, end]
        if last:
            yield last[0], name, last[1]
    for path in sorted(ROOT.glob("config/prometheus/*.yaml")):
        for said in re.findall(r"(?:summary|description): (.+)", path.read_text()):
            yield "alert", str(path.relative_to(ROOT)), said.strip("'\"")


found = {}
for sort, name, said in sentences():
    words = re.search(r"[a-z}] [a-z{]", re.sub(r"[“”‘’`,;:()]", "", said))
    if sort == "log" and said or words and not SQL.search(said):
        found.setdefault(sort, {}).setdefault(name, []).append(said)
for sort in sys.argv[1:] or KINDS:
    print(f"\n# {sort}: {KINDS[sort]}")
    for name, lines in found.get(sort, {}).items():
        print(f"\n{name}")
        for line in lines:
            print(f"  {line}")
