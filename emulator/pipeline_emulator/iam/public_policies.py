"""Which bucket policies count as public.

A policy is public if it lets everybody in without a condition on a fixed value of certain keys:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
"""

import json
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Network
from typing import Any

from pipeline_emulator.iam.values import network

_OPERATORS = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
_KEYS = frozenset(
    f"aws:{name}"
    for name in (
        *("principalaccount", "principalarn", "principalorgid", "sourceaccount", "sourcearn", "sourceowner"),
        *("sourcevpc", "sourcevpce", "userid"),
    )
) | {"s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:x-amz-server-side-encryption-aws-kms-key-id"}
_WILD = ("*", "?", "${")
# Broader ranges count as public.
_BITS_OF_IPV4, _BITS_OF_IPV6 = 8, 32


@lru_cache(maxsize=256)
def is_public(text: str) -> bool:
    """Return whether a policy document is public; False for text that is no policy."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    found = document.get("Statement") if isinstance(document, dict) else None
    statements = found if isinstance(found, list) else [found]
    return any(_lets_everybody_in(each) for each in statements if isinstance(each, dict))


def _lets_everybody_in(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    named = principal.get("AWS") if isinstance(principal, dict) else principal
    everybody = named == "*" or (isinstance(named, list) and "*" in named) or "NotPrincipal" in statement
    return statement.get("Effect") == "Allow" and everybody and not any(_limits(statement.get("Condition")))


def _limits(conditions: object) -> Iterator[bool]:
    """Yield for each condition whether it limits the callers to fixed ones."""
    for name, keys in conditions.items() if isinstance(conditions, dict) else ():
        operator = str(name).lower().removeprefix("foranyvalue:")
        for key, value in keys.items() if isinstance(keys, dict) else ():
            values = [str(each) for each in (value if isinstance(value, list) else [value])]
            is_fixed = _is_range if str(key).lower() == "aws:sourceip" else _is_fixed
            known = str(key).lower() in _KEYS or is_fixed is _is_range
            yield operator in _OPERATORS and known and all(map(is_fixed, values))


def _is_fixed(text: str) -> bool:
    return not any(wild in text for wild in _WILD)


def _is_range(text: str) -> bool:
    found = network(text)
    if found is None:
        return False
    bits = _BITS_OF_IPV4 if isinstance(found.addresses, IPv4Network) else _BITS_OF_IPV6
    return found.addresses.prefixlen >= bits
