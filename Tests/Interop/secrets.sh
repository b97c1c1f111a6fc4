#!/usr/bin/env bash
# No token, code, proof or private key may be in what the tests, or a daemon, print: secrets.sh FILE...
# The sandbox marks what it gives out, so that it is recognised wherever it turns up.
set -euo pipefail

# Tokens and codes begin with digits that only the sandbox plants; access tokens with the sandbox's own header.
planted='\b(ref|cod)-5a4db0c5[0-9a-f]{56}|eyJ0eXAiOiJhdCtqd3QifQ\.|eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFUzI1NiIsImtpZCI6InNhbmRib3gifQ\.|eyJhbGciOiJFUzI1NiIs[A-Za-z0-9_-]{40}|"d":"[A-Za-z0-9_-]{43}"'
if grep -nEo "$planted" "$@" | cut -c1-60; then
    echo "a secret was printed"
    exit 1
fi
echo "no secret in $(cat "$@" | wc -l) lines"
