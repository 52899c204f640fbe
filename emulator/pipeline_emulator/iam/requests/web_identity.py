"""Reads the claims of a web identity token (a JWT, https://www.rfc-editor.org/rfc/rfc7519).

The signature is not verified: that would need the issuer's keys from the network. Claims become condition keys prefixed
with the issuer's name:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from pipeline_emulator.iam.variables import Value

type Claims = Mapping[str, Any]

# Absent if the token lacks them. Any other claim that the token lacks is unknown.
_KEYS = ("amr", "aud", "email", "oaud", "sub")


def claims_of(token: str) -> Claims | None:
    """Return the claims of a token; None if it is not a JWT with an issuer."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) and isinstance(claims.get("iss"), str) else None


def issuer_of(claims: Claims) -> str:
    """Return the issuer as provider ARNs and condition keys contain it: without the scheme."""
    issuer: str = claims["iss"]
    return issuer.removeprefix("https://").rstrip("/")


def audiences_of(claims: Claims) -> tuple[str, ...]:
    """Return the audiences of a token; `azp`, if present, replaces `aud`."""
    found = claims.get("azp") or claims.get("aud")
    return tuple(str(each) for each in found) if isinstance(found, list) else (str(found),) if found else ()


def context_keys(token: str) -> tuple[dict[str, Value], frozenset[str]]:
    """Return the condition keys of a token and all keys it could have, in lower case."""
    claims = claims_of(token)
    if claims is None:
        return {}, frozenset()
    prefix = issuer_of(claims).lower()
    values: dict[str, Value] = {}
    for name, claim in claims.items():
        if isinstance(claim, list):
            values[f"{prefix}:{name.lower()}"] = tuple(str(each) for each in claim)
        elif isinstance(claim, str):
            values[f"{prefix}:{name.lower()}"] = claim
    audiences = audiences_of(claims)
    values[f"{prefix}:aud"] = audiences[0] if len(audiences) == 1 else audiences
    if "azp" in claims and isinstance(claims.get("aud"), str):
        values[f"{prefix}:oaud"] = claims["aud"]
    return values, frozenset({*values, *(f"{prefix}:{name}" for name in _KEYS)})
