#!/usr/bin/env bash
# The pages of the libraries for others, made by the toolchain's docc: one folder each in .build/documentation. Whatever docc
# warns of, a link that leads nowhere above all, is an error.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The other two are parts of these.
for target in Firehose OAuth; do swift build --target "$target"; done
bin=$(swift build --show-bin-path)
tools=$(dirname "$(readlink -f "$(command -v swift)")")
triple=$(swift -print-target-info | sed -n '/"triple"/{s/.*: "\(.*\)".*/\1/p;q}')
maps=()
for map in Sources/*/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$PWD/$map"); done

work=.build/documentation
rm -rf "$work"
for library in WebSocket ATProtocol Firehose OAuth; do
    graphs=$work/graphs/$library
    mkdir -p "$graphs"
    "$tools/swift-symbolgraph-extract" -module-name "$library" -target "$triple" -swift-version 6 -I "$bin/Modules" -I "$bin" \
        -module-cache-path "$work/modules" "${maps[@]}" -minimum-access-level public -skip-synthesized-members \
        -skip-inherited-docs -output-dir "$graphs"
    # What a library adds to types of other modules is in files of its own, each of which docc would take for a module.
    find "$graphs" -name '*@*' -delete
    "$tools/docc" convert "Sources/$library/$library.docc" --additional-symbol-graph-dir "$graphs" \
        --output-dir "$work/$library" --warnings-as-errors
done
rm -rf "$work/graphs" "$work/modules"
echo "The pages are in $work; each folder is the root of a web site."
