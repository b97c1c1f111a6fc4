#!/usr/bin/env bash
# How long it takes from a change request's record to its message: p50 and p99 of a thousand, in the sandbox on loopback.
#
#   Tests/Benchmarks/latency.sh [REQUESTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
swift build -c release --product latency-bench
swift build -c release --product impact-notifier
bin=$(swift build -c release --show-bin-path)
exec "$bin/latency-bench" "$bin/impact-notifier" "$@"
