"""Verifies our compact JWS with joserfc: signatures, thumbprints, header and claim shapes.

Each line of the file: kind, key (public JWK), expected RFC 7638 thumbprint, token; separated by tabs.
"""

import base64
import json
import sys

from joserfc import jws
from joserfc.jwk import ECKey, thumbprint


def check(line):
    kind, key_text, expected, token = line.rstrip("\n").split("\t")
    members = json.loads(key_text)
    assert "d" not in members, "a private key was written"
    key = ECKey.import_key(members)
    assert thumbprint(key.as_dict(private=False)) == expected, "thumbprint"
    # joserfc wants a registry that knows the type's own header parameters.
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    signed = jws.deserialize_compact(token, key, algorithms=["ES256"], registry=registry)
    signature = token.split(".")[2]
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64, "signature length"
    header, claims = signed.headers(), json.loads(signed.payload)
    if kind == "proof":
        assert header["typ"] == "dpop+jwt" and sorted(header["jwk"]) == ["crv", "kty", "x", "y"], "proof header"
        assert {"jti", "htm", "htu", "iat"} <= set(claims), "proof claims"
    else:
        assert header["kid"] and claims["iss"] == claims["sub"] and claims["exp"] == claims["iat"] + 60, "assertion"
    return claims["jti"]


with open(sys.argv[1], encoding="utf-8") as file:
    identifiers = [check(line) for line in file]
assert len(set(identifiers)) == len(identifiers), "a jti occurs twice"
assert len(identifiers) >= 10_000, f"only {len(identifiers)} tokens"
print(f"joserfc verified {len(identifiers)} proofs and assertions")
