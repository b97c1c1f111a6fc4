#!/usr/bin/env bash
# Every test that was built, in five processes side by side: those of the built daemon (two) and of the notifier wait more than
# they compute, and the model check computes for minutes and waits for nothing. In each one test runs after the other: Swift's
# pool has as many threads as cores, and suites that compute starve suites with deadlines. Prints the rest while they run and
# then the others, and ends with one closing line for all.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bin=$(swift build --show-bin-path) || exit
# As "swift test" runs it; two of those would wait for each other.
run() { NO_COLOR=1 "$bin/impact-notifierPackageTests.xctest" --testing-library swift-testing --no-parallel "$@"; }

logs=$(mktemp -d)
others=('^AcceptanceTests\.`A daemon ' '^AcceptanceTests\.' 'The model check' '^NotifierTests\.')
groups=()
# Groups of their own: what the tests started is ended with them.
set -m
skipped=()
for number in "${!others[@]}"; do
    run --filter "${others[number]}" "${skipped[@]}" >"$logs/$number" 2>&1 </dev/null &
    groups+=("$!")
    skipped+=(--skip "${others[number]}")
done
set +m
trap 'for group in "${groups[@]}"; do kill -- "-$group" 2>/dev/null; done; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

status=0
run "${skipped[@]}" 2>&1 | tee "$logs/rest" || status=1
for number in "${!others[@]}"; do
    wait "${groups[number]}" || status=1
    cat "$logs/$number"
done

closing() { grep -aE '^[^[:space:]]+ +Test run with [0-9]+ tests? ' "$1" | tail -n 1; }
# What ends without a closing line has failed, whatever it says of itself.
for log in "$logs"/*; do [ -n "$(closing "$log")" ] || status=1; done
for log in "$logs"/*; do closing "$log"; done | awk -v failed="$status" -v seconds="$SECONDS" '
    { for (i = 2; i <= NF; i++) { if ($i ~ /^tests?$/) tests += $(i - 1); if ($i ~ /^suites?$/) suites += $(i - 1) } }
    / failed / { failed = 1; for (i = 2; i <= NF; i++) if ($i ~ /^issues?[.,]?$/) issues += $(i - 1) }
    END {
        printf "%s Test run with %d tests in %d suites %s after %d seconds%s.\n", failed ? "✘" : "✔", tests, suites,
            failed ? "failed" : "passed", seconds, failed ? sprintf(" with %d issue%s", issues, issues == 1 ? "" : "s") : ""
    }'
exit "$status"
