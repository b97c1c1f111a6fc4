#!/usr/bin/env bash
# Every test that was built, in two processes side by side: those of the built daemon wait more than they compute. In each
# one test runs after the other: Swift's pool has as many threads as cores, and suites that compute starve suites with
# deadlines. Prints the one while it runs and then the other, and ends with one closing line for both.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=$(swift build --show-bin-path) || exit
# As "swift test" runs it; two of those would wait for each other.
run() { NO_COLOR=1 "$bin/impact-notifierPackageTests.xctest" --testing-library swift-testing --no-parallel "$@"; }

logs=$(mktemp -d)
# A group of its own: what the tests started is ended with them.
set -m
run --filter '^AcceptanceTests\.' >"$logs/daemon" 2>&1 </dev/null &
daemon=$!
set +m
trap 'kill -- "-$daemon" 2>/dev/null; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

status=0
run --skip '^AcceptanceTests\.' 2>&1 | tee "$logs/rest" || status=1
wait "$daemon" || status=1
cat "$logs/daemon"

closing() { grep -aE '^[^[:space:]]+ +Test run with [0-9]+ tests' "$1" | tail -n 1; }
# What ends without a closing line has failed, whatever it says of itself.
[ -n "$(closing "$logs/rest")" ] && [ -n "$(closing "$logs/daemon")" ] || status=1
{ closing "$logs/rest"; closing "$logs/daemon"; } | awk -v failed="$status" -v seconds="$SECONDS" '
    { for (i = 2; i <= NF; i++) { if ($i ~ /^tests?$/) tests += $(i - 1); if ($i ~ /^suites?$/) suites += $(i - 1) } }
    / failed / { failed = 1; for (i = 2; i <= NF; i++) if ($i ~ /^issues?[.,]?$/) issues += $(i - 1) }
    END {
        printf "%s Test run with %d tests in %d suites %s after %d seconds%s.\n", failed ? "✘" : "✔", tests, suites,
            failed ? "failed" : "passed", seconds, failed ? sprintf(" with %d issue%s", issues, issues == 1 ? "" : "s") : ""
    }'
exit "$status"
