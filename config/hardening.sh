#!/usr/bin/env bash
# What the linker must have made of the deployed binary; "make release" ends with it, and fails with it.
#
#   config/hardening.sh BINARY
set -euo pipefail

binary=$1
headers=$(LC_ALL=C readelf --wide --file-header --program-headers --dynamic "$binary")
symbols=$(LC_ALL=C readelf --wide --dyn-syms "$binary")
failed=0

# expect WHAT PATTERN: the pattern occurs; forbid WHAT PATTERN: it does not.
expect() { grep -qE "$2" <<<"${3:-$headers}" || { echo "$binary: $1" >&2; failed=1; }; }
forbid() { ! grep -E "$2" <<<"$headers" >&2 || { echo "$binary: $1" >&2; failed=1; }; }

expect "it is always loaded at the same address (no PIE)" 'Type: +DYN'
expect "it is no program of its own (no PIE)" 'FLAGS_1\).*PIE'
expect "its relocations stay writable (no RELRO)" '^ +GNU_RELRO '
expect "functions are bound when they are first called, so that their table stays writable (no -z now)" 'FLAGS\).*BIND_NOW'
expect "it does not say that its stack holds no code" '^ +GNU_STACK '
expect "its C has no stack canaries" ' __stack_chk_fail' "$symbols"
forbid "it looks for libraries in places of its own" '\((RPATH|RUNPATH)\)'
forbid "a segment can be written and run" ' RWE '
forbid "its code is to be written when it is loaded" '\(TEXTREL\)'

[ "$failed" = 0 ] && echo "hardening: PIE, full RELRO, no run path, no writable code, stack canaries in C"
exit "$failed"
