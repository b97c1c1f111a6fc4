#!/usr/bin/env bash
# What grows with the ledger, and what must not.
#
#   Tests/Benchmarks/ledger.sh                     from a thousand to a million rows; needs 6 GB of disk, six minutes
#   LEDGER_CHECK=1 Tests/Benchmarks/ledger.sh      smaller ledgers, for CI: a minute
#   LEDGER_PARTS="statements start follow"         some of its parts
#   LEDGER_ONLY="next candidate"                   of the statements only those whose names contain this
#
# Ledgers are laid into a scratch folder by SQL. "statements" makes every call of a store that a loop makes, on a small and on
# a large ledger, and looks at the plan of each statement; "start" starts the built daemon with each; "follow" lets owners wait
# and one of them follow. Every time is judged as a ratio in one run.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${LEDGER_CHECK:-}" = 1 ]; then
    export LEDGER_FINISHED=${LEDGER_FINISHED:-20000} LEDGER_WAITING=${LEDGER_WAITING:-8000} LEDGER_OWNERS=${LEDGER_OWNERS:-20000}
    export LEDGER_INTERVAL=${LEDGER_INTERVAL:-8} LEDGER_REPETITIONS=${LEDGER_REPETITIONS:-2}
fi
parts=${LEDGER_PARTS:-statements start follow}
swift build --build-tests > /dev/null
bin=$(swift build --show-bin-path)
work=$(mktemp -d "${TMPDIR:-/tmp}/ledger-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
export LEDGER_BENCH=$work

suite() {
    local status=0
    swift test --skip-build --disable-xctest --no-parallel --filter "Growth/.*$1" > "$work/log" 2>&1 || status=$?
    grep -Ev '^◇|^↳ (Testing|Target)|^Build|^\[' "$work/log"
    return $status
}

status=0
suite "needs ledgers of every size"
for part in $parts; do
    echo
    case $part in
        statements) suite "no statement takes longer" || status=1 ;;
        start | follow) python3 Tests/Benchmarks/ledger.py "$part" "$bin" "$work" || status=1 ;;
        *) echo "unknown part: $part" >&2; exit 64 ;;
    esac
done
exit $status
