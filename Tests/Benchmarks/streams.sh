#!/usr/bin/env bash
# CPU time of the stream decoders on real messages, in memory. Needs the corpus in $CORPUS
# (docs/development.md); skipped without.
set -euo pipefail
cd "$(dirname "$0")/../.."
corpus=${CORPUS:-$PWD/../shared/corpus}
[ -e "$corpus/frames.bin.zst" ] || { echo "skipped: no corpus in $corpus"; exit 0; }
command -v zstd > /dev/null || { echo "skipped: zstd is missing"; exit 0; }
bench=$(Tests/Benchmarks/built.sh stream-bench)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
zstd -dcq "$corpus/frames.bin.zst" > "$work/frames.bin"
"$bench" "$corpus/expected_v1.jsonl" "$work/frames.bin"
