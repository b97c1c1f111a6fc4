#!/usr/bin/env bash
# The WebSocket client against the limit program and its peers: CPU seconds per million messages, and their ratio.
#
#   Tests/Benchmarks/bench.sh [REPETITIONS]         default 5, alternating
#   BENCH_PARTS="bulk live memory"                  some of its parts
#   BENCH_CHECK=1 Tests/Benchmarks/bench.sh         200,000 messages, and generous bounds on the ratios (for CI)
#
# Needs the corpus in $CORPUS (docs/development.md), g++, OpenSSL, zlib and simdjson, and is skipped without;
# Boost.Beast and the Python clients take part where they are installed (BENCH_PYTHON names a Python with picows and
# websockets).
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
repetitions=${1:-5}
work=$root/.build/bench
export CORPUS=${CORPUS:-$root/../shared/corpus}
[ -e "$CORPUS/expected_v1.jsonl" ] || { echo "skipped: no corpus in $CORPUS"; exit 0; }
printf '#include <simdjson.h>\n' | g++ -E -x c++ - > /dev/null 2>&1 ||
    { echo "skipped: g++ or libsimdjson-dev is missing"; exit 0; }

client=$(Tests/Benchmarks/built.sh websocket-bench)
mkdir -p "$work"
cp -r Tests/Benchmarks/peers/. "$work/"
cd "$work"
gcc -O2 -o server/wsserver server/wsserver.c -lssl -lcrypto
g++ -O3 -std=c++17 clients/climit.cpp -o clients/climit -lssl -lcrypto -lz -lsimdjson
[ -e server/cert.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server/key.pem \
    -out server/cert.pem -days 365 -subj /CN=localhost -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" 2> /dev/null

export OURS=$client WSRESULTS=$work/runs.jsonl CAFILE=$work/server/cert.pem
rm -f "$WSRESULTS"
if [ "${BENCH_CHECK:-}" = 1 ]; then
    export WSDATA=$work/few
    [ -e few/plain.ws ] || python3 gen.py 200000 few few
    python3 run.py filter,tls,deflate 5 only=ours,climit n=200000 > run.log
    python3 report.py "$WSRESULTS"
    exec python3 check.py "$WSRESULTS"
fi

gcc -O2 -shared -fPIC -o malloc_count.so malloc_count.c
g++ -O3 -std=c++17 clients/beast.cpp -o clients/beast -lssl -lcrypto -lsimdjson -lpthread 2> /dev/null || true
export WSPY=${BENCH_PYTHON:-$work/venv/bin/python} WSDATA=$work/data
if [ ! -x "$WSPY" ]; then
    python3 -m venv venv
    venv/bin/pip install -q --no-input zstandard picows websockets orjson uvloop
fi
events=1000000
[ -e "data/$events" ] || { rm -rf data; "$WSPY" gen.py "$events" data > gen.log; touch "data/$events"; }

bulk() {
    python3 run.py filter,tls,deflate,noct,relay "$repetitions" > run.log
    python3 report.py "$WSRESULTS"
}

live() {
    echo "## Live pace: 2,000 messages a second, TLS, one record each"
    rm -f live.jsonl
    WSRESULTS=$work/live.jsonl python3 run.py live 15 rate=2000 n=3000 > live.log
    python3 check.py live live.jsonl
}

memory() {
    echo "## Allocations and memory"
    [ -e misses/plain.ws ] || python3 gen.py "$events" misses misses
    taskset -c 0 server/wsserver 9302 data 2> /dev/null & servers=$!
    taskset -c 0 server/wsserver 9303 misses 2> /dev/null & servers+=" $!"
    trap 'kill $servers' EXIT
    sleep 0.5
    for count in 1000 "$events"; do
        echo "malloc calls of a run of $count commits that nobody wants:" "$(LD_PRELOAD=$work/malloc_count.so \
            COLLECTION=org.example.nothing "$client" 127.0.0.1 9303 plain "$count" filter 0 2>&1 > /dev/null |
            grep -o '[0-9]*$')"
    done
    REPEAT=50 "$client" 127.0.0.1 9302 plain "$events" filter 0 | python3 check.py memory
}

for part in ${BENCH_PARTS:-bulk live memory}; do
    echo
    "$part"
done
