#!/usr/bin/env bash
# How long it takes from the stream to the request that sends the message: p50 and p99 of a thousand, in the sandbox on
# loopback.
#
#   Tests/Benchmarks/latency.sh [REQUESTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=$(Tests/Benchmarks/built.sh latency-bench)
daemon=$(Tests/Benchmarks/built.sh impact-notifier)
exec "$bench" "$daemon" "$@"
