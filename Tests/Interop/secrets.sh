#!/usr/bin/env bash
# No token, code, proof or private key may be in what the tests, or a daemon, print: secrets.sh FILE...
# The sandbox marks what it gives out, so that it is recognised wherever it turns up.
set -euo pipefail

# Behind the 43 characters the word ends: longer ones are the vectors of the tests that blank such things.
planted='\b(ref|cod)-[A-Za-z0-9_-]{43}([^A-Za-z0-9_-]|$)|eyJ0eXAiOiJhdCtqd3QifQ\.|eyJhbGciOiJFUzI1NiIs[A-Za-z0-9_-]{40}|"d":"[A-Za-z0-9_-]{43}"'
if grep -nEo "$planted" "$@" | cut -c1-60; then
    echo "a secret was printed"
    exit 1
fi
echo "no secret in $(cat "$@" | wc -l) lines"
