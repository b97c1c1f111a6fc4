#!/usr/bin/env bash
# An independent JOSE library (joserfc, Python) verifies 10 000 DPoP proofs and client assertions of ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${IMPACT_NOTIFIER_PYTHON:-python3}
if ! "$python" -c 'import joserfc' 2>/dev/null; then
    # A virtual environment of our own, where PyPI can be reached.
    venv=.build/jose-venv
    if ! { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet joserfc; } >/dev/null 2>&1; then
        echo "skipped: no joserfc"
        exit 0
    fi
    python=$venv/bin/python
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
IMPACT_NOTIFIER_PROOFS="$work/proofs.txt" \
    swift test --disable-xctest --filter 'OAuthTests.*are written for another library' >"$work/test.log" 2>&1 ||
    { tail -n 20 "$work/test.log"; exit 1; }
"$python" Tests/Interop/jose.py "$work/proofs.txt"
