#!/usr/bin/env bash
# An independent WebSocket library (wsproto, Python) reads the random sequences of CutPointTests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${IMPACT_NOTIFIER_PYTHON:-python3}
if ! "$python" -c 'import wsproto' 2>/dev/null; then
    # A virtual environment of our own, where PyPI can be reached.
    venv=.build/wsproto-venv
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet wsproto; } >/dev/null 2>&1; then
        echo "skipped: no wsproto"
        exit 0
    fi
    python=$venv/bin/python
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
WEBSOCKET_ORACLE="$(command -v "$python")" \
    swift test --disable-xctest --filter 'WebSocketTests.*wsproto comes to the same events' >"$log" 2>&1 &&
    grep -q 'Test run with 1 test ' "$log" ||
    { tail -n 20 "$log"; exit 1; }
echo "wsproto comes to the same events and the same end"
