#!/usr/bin/env bash
# The daemon reads a stream that a WebSocket library of others (websockets, Python) serves under TLS, compressed, to who shows
# an API key; then the same without compression.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${IMPACT_NOTIFIER_PYTHON:-python3}
if ! "$python" -c 'import websockets.asyncio.server' 2>/dev/null; then
    # A virtual environment of our own, where PyPI can be reached.
    venv=.build/websockets-venv
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet websockets; } >/dev/null 2>&1; then
        echo "skipped: no websockets"
        exit 0
    fi
    python=$venv/bin/python
fi
command -v openssl >/dev/null || { echo "skipped: no openssl"; exit 0; }

work=$(mktemp -d)
daemon=
server=
finish() {
    local status=$?
    [ -z "$daemon" ] || kill -9 "$daemon" 2>/dev/null || true
    [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
    if [ "$status" != 0 ]; then
        for log in server daemon; do echo "--- $log"; tail -n 30 "$work/$log.log" 2>/dev/null || true; done
    fi
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT

# Waits until a command succeeds, at most a minute.
await() {
    local what=$1
    shift
    for ((try = 0; try < 300; try++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    echo "not within a minute: $what"
    return 1
}

swift build --product impact-notifier
notifier=$(swift build --show-bin-path)/impact-notifier

read -r port status_port < <("$python" -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost -keyout "$work/private.pem" -out "$work/ca.pem" 2>/dev/null
right=right-$(openssl rand -hex 16)
wrong=wrong-$(openssl rand -hex 16)
put_key() { (umask 077 && echo "$1" >"$work/stream-key"); }

cat >"$work/config.yaml" <<YAML
account: did:plc:aaaaaaaaaaaaaaaaaaaaaaaa
state_directory: $work/state
stream:
  hosts: [{address: "wss://localhost:$port/subscribe", compression: true, api_key_file: ./stream-key}]
  sweep_directories: ["http://127.0.0.1:9"]
network:
  certificate_authority_file: ca.pem
identity:
  plc_directory: http://127.0.0.1:9
  appview: http://127.0.0.1:9
policy:
  recipients: anyone
sending:
  enabled: false
status:
  listen: 127.0.0.1:$status_port
development:
  allow_loopback: true
rules:
  - {name: change-request, collections: [org.example.changeRequest], reference_paths: [subject.uri], message: Hello}
YAML

serve() {
    "$python" Tests/Interop/stream_server.py "$port" "$work/ca.pem" "$work/private.pem" "$right" "$@" \
        >"$work/server.log" 2>&1 </dev/null &
    server=$!
    await "the server" grep -qx listening "$work/server.log"
}
logged() { grep -qF "$1" "$work/daemon.log"; }
# The sum of the metrics that a pattern matches.
total() {
    curl -fsS "http://127.0.0.1:$status_port/metrics" |
        awk -v pattern="^impact_notifier_stream_$1" '$0 ~ pattern { sum += $NF } END { print sum + 0 }'
}
commits() { total 'events_received_total.*kind="commit"'; }
has_commits() { [ "$(commits)" -ge "$1" ]; }
shows() { curl -fsS "http://127.0.0.1:$status_port/status" | grep -qF "$1"; }

echo "--- a key that the server does not take"
serve
put_key "$wrong"
"$notifier" run --config "$work/config.yaml" >"$work/daemon.log" 2>&1 </dev/null &
daemon=$!
await "a line that names the key's file" logged "does not take the key in $work/./stream-key"
grep -qx refused "$work/server.log"

echo "--- the right one, and a reload"
put_key "$right"
"$notifier" check --config "$work/config.yaml" --effective >"$work/check.log"
"$notifier" reload --config "$work/config.yaml"
await "a hundred commits" has_commits 100
grep -q '^open .*PerMessageDeflate' "$work/server.log" || { echo "nothing was compressed"; exit 1; }
shows '"compressed":true' || { echo "the status does not say so"; exit 1; }
if logged "stream not compressed"; then echo "a compressed stream is said not to be"; exit 1; fi

echo "--- a server that does not compress"
kill -TERM "$server"
wait "$server" 2>/dev/null || true
before=$(commits)
serve plain
await "a line that says so" logged "stream not compressed"
await "a hundred commits more" has_commits $((before + 100))
shows '"compressed":false' || { echo "the status does not say so"; exit 1; }
[ "$(total decode_errors_total)" = 0 ] || { echo "messages could not be read"; exit 1; }

kill -TERM "$daemon"
wait "$daemon" || { echo "the daemon did not end with status 0"; exit 1; }
daemon=
if grep -qF -e "$right" -e "$wrong" "$work/daemon.log" "$work/check.log"; then echo "a key was printed"; exit 1; fi
echo "websockets: a key refused, a key taken, compressed and not"
