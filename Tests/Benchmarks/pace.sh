#!/usr/bin/env bash
# What following the whole network takes: CPU share and memory of the follower while a local server replays recorded
# messages at the network's rate, over TLS, one write and one record a message.
#
#   Tests/Benchmarks/pace.sh [SECONDS] [RATE] [WIRE...]     default 60, 478 messages a second, all
#
# The rate is that of the whole network on 2026-07-04, when the corpus was recorded.
# WIRE: jetstream2 jetstream1 relay-off relay-matched. Needs the corpus in $CORPUS (docs/development.md); skipped without.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CORPUS=${CORPUS:-$PWD/../shared/corpus}
[ -e "$CORPUS/frames.bin.zst" ] || { echo "skipped: no corpus in $CORPUS"; exit 0; }
command -v zstd > /dev/null || { echo "skipped: zstd is missing"; exit 0; }
seconds=${1:-60} rate=${2:-478}
wires=("${@:3}")
[ ${#wires[@]} -gt 0 ] || wires=(jetstream2 jetstream1 relay-off relay-matched)
bench=$(Tests/Benchmarks/built.sh stream-bench)
work=$(mktemp -d) server=
trap 'kill $server 2> /dev/null || true; rm -rf "$work"' EXIT
gcc -O2 -o "$work/wsserver" Tests/Benchmarks/peers/server/wsserver.c -lssl -lcrypto
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" \
    -days 2 -subj /CN=localhost -addext "subjectAltName=DNS:localhost" 2> /dev/null
for file in frames.bin did_docs.json; do zstd -dcq "$CORPUS/$file.zst" > "$work/$file"; done
python3 - "$CORPUS/expected_v1.jsonl" "$work" "$((rate * (seconds + 6)))" <<'PYTHON'
import json, os, struct, sys
lines, work, count = open(sys.argv[1]).read().splitlines(), sys.argv[2], int(sys.argv[3])
os.mkdir(work + "/xrpc")
def frame(opcode, payload):
    size = len(payload)
    head = bytes([size]) if size < 126 else struct.pack("!BH", 126, size) if size < 65536 else struct.pack("!BQ", 127, size)
    return bytes([0x80 | opcode]) + head + payload
def compact(value): return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
events = [json.loads(line) for line in lines]
def version1(number):
    return dict(events[number % len(events)], time_us=1783175887000000 + number * 2000)
def version2(number):
    event = events[number % len(events)]
    kind = event["kind"]
    head = {"$type": "network.bsky.jetstream.subscribeEvents#" + kind, "seq": number + 1, "did": event["did"],
            "time": "2026-07-04T14:38:08.085434Z"}
    return {"$type": "message", "payload": head | (event["commit"] if kind == "commit" else {kind: event[kind]})}
relay, at, data = [], 0, open(work + "/frames.bin", "rb").read()
while at < len(data):
    size, = struct.unpack_from("<I", data, at)
    relay.append(data[at + 4:at + 4 + size])
    at += 4 + size
files = {"subscribe": lambda n: frame(1, compact(version1(n))),
         "xrpc/network.bsky.jetstream.subscribeEvents": lambda n: frame(1, compact(version2(n))),
         "xrpc/com.atproto.sync.subscribeRepos": lambda n: frame(2, relay[n % len(relay)])}
for name, message in files.items():
    with open(f"{work}/{name}.ws", "wb", buffering=1 << 20) as file:
        for number in range(count): file.write(message(number))
PYTHON
port=9390
for wire in "${wires[@]}"; do
    port=$((port + 1))
    "$work/wsserver" $port "$work" --tls "$work/cert.pem" "$work/key.pem" --rate "$rate" 2> /dev/null & server=$!
    sleep 0.5
    case $wire in
        jetstream2) path=xrpc/network.bsky.jetstream.subscribeEvents verify=off ;;
        jetstream1) path=subscribe verify=off ;;
        *) path=xrpc/com.atproto.sync.subscribeRepos verify=${wire#relay-} ;;
    esac
    echo "$wire, $rate messages/s: $("$bench" pace "wss://localhost:$port/$path" "$work/cert.pem" "$work/did_docs.json" \
        "$verify" "$seconds")"
    kill $server 2> /dev/null || true
    wait $server 2> /dev/null || true
done
