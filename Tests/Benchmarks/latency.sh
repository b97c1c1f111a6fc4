#!/usr/bin/env bash
# How long it takes from a change request's record to its message: p50 and p99 of a thousand, in the sandbox on loopback.
#
#   Tests/Benchmarks/latency.sh [REQUESTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
tools=(-c release --scratch-path .build/tools)
for product in latency-bench impact-notifier; do swift build "${tools[@]}" --product "$product"; done
bin=$(swift build "${tools[@]}" --show-bin-path)
exec "$bin/latency-bench" "$bin/impact-notifier" "$@"
