#!/usr/bin/env bash
# Builds a product as it is to be measured, and prints where it is.
#
#   Tests/Benchmarks/built.sh PRODUCT
#
# In a folder of its own: with other flags in .build/release the package would be built anew.
set -euo pipefail
cd "$(dirname "$0")/../.."
as_measured=(-c release --scratch-path .build/tools)
swift build "${as_measured[@]}" --product "$1" >&2
echo "$(swift build "${as_measured[@]}" --show-bin-path)/$1"
