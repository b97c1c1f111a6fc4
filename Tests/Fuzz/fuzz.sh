#!/usr/bin/env bash
# Fuzzes every target for FUZZ_SECONDS (60) each, from the corpus beside this script.
#
#   FUZZ_SECONDS=60 Tests/Fuzz/fuzz.sh [TARGET...]
#
# New inputs are kept in .build-fuzz/corpus, findings in .build-fuzz/findings; any finding fails the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${FUZZ_SECONDS:-60}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(websocket-frames websocket-deflate websocket-handshake websocket-close
    streams-cbor streams-car streams-json streams-relay
    answers-tokens answers-challenge answers-server answers-client answers-identity answers-error configuration-file)

failed=0
for target in "${targets[@]}"; do
    product=fuzz-${target%%-*}
    swift build -c release --product "$product" --scratch-path .build-fuzz -Xswiftc -sanitize=fuzzer,address \
        -Xswiftc -use-ld=lld -Xswiftc -DFUZZING -Xswiftc -enable-testing
    binary=$(swift build -c release --show-bin-path --scratch-path .build-fuzz)/$product
    mkdir -p ".build-fuzz/corpus/$target" ".build-fuzz/findings"
    echo "fuzzing $target for $seconds s"
    # Swift's own report of a crash comes in the way of the sanitizer's.
    if SWIFT_BACKTRACE=enable=no FUZZ_TARGET=$target "$binary" -max_total_time="$seconds" -max_len=4096 -print_final_stats=1 \
        -artifact_prefix=".build-fuzz/findings/$target-" ".build-fuzz/corpus/$target" "Tests/Fuzz/corpus/$target" \
        > ".build-fuzz/$target.log" 2>&1; then
        grep -E "stat::number_of_executed_units|stat::average_exec_per_sec|stat::new_units" ".build-fuzz/$target.log"
    else
        failed=1
        tail -40 ".build-fuzz/$target.log"
    fi
done
exit $failed
