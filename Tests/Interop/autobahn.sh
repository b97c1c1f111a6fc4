#!/usr/bin/env bash
# The Autobahn suite against this repository's WebSocket client.
#
#   Tests/Interop/autobahn.sh [SET...]      sets: quick (247 cases), limits (54), compress-small (60), compress (216)
#
# Without arguments: quick, limits and compress-small. Installs the suite from PyPI into a venv in $AUTOBAHN_HOME
# (default .build/autobahn), runs its fuzzing server on loopback, and fails on every case that is not OK (three of quick
# are INFORMATIONAL by nature) or is missing. Prints "skipped" and succeeds where PyPI cannot be reached.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=${AUTOBAHN_HOME:-$PWD/.build/autobahn}
port=${AUTOBAHN_PORT:-9101}
sets=("$@")
[ ${#sets[@]} -gt 0 ] || sets=(quick limits compress-small)

install() {
    [ -x "$home/venv/bin/wstest" ] && [ -e "$home/ported" ] && return
    mkdir -p "$home"
    python3 -m venv "$home/venv"
    local pip=("$home/venv/bin/pip" install -q --no-input --disable-pip-version-check)
    "${pip[@]}" setuptools==65.5.0 wheel twisted jinja2 txaio six pyOpenSSL service_identity wsaccel || return 1
    # The suite was written for this version of autobahn, and both for Python 2.
    "${pip[@]}" --no-deps --no-binary :all: autobahn==0.10.9 || return 1
    "${pip[@]}" --no-deps autobahntestsuite==25.10.1 || return 1
    "$home/venv/bin/python" -W ignore Tests/Interop/autobahn/port.py \
        "$("$home/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" || return 1
    touch "$home/ported"
}

run() {
    local out="$home/reports/$1" server
    rm -rf "$out"
    mkdir -p "$out"
    python3 Tests/Interop/autobahn/cases.py spec "$1" "$port" "$out" > "$out/spec.json"
    "$home/venv/bin/wstest" -m fuzzingserver -s "$out/spec.json" -u 0 > "$out/server.log" 2>&1 &
    server=$!
    # shellcheck disable=SC2064
    trap "kill $server 2>/dev/null || true" EXIT
    for _ in $(seq 300); do
        grep -q "Ok, will run" "$out/server.log" && break
        sleep 0.1
    done
    AB_URL="ws://127.0.0.1:$port" AB_AGENT=impact-notifier timeout 1800 "$driver" || true
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    trap - EXIT
    python3 Tests/Interop/autobahn/cases.py report "$1" "$out/index.json"
}

if ! install > "${TMPDIR:-/tmp}/autobahn-install.log" 2>&1; then
    if [ "${AUTOBAHN_REQUIRED:-}" = 1 ]; then
        cat "${TMPDIR:-/tmp}/autobahn-install.log" >&2
        exit 1
    fi
    echo "skipped: the Autobahn suite could not be installed from PyPI (${TMPDIR:-/tmp}/autobahn-install.log)"
    exit 0
fi
driver=$(Tests/Benchmarks/built.sh websocket-echo)
failed=0
for set in "${sets[@]}"; do run "$set" || failed=1; done
exit $failed
