"""Opaque texts that a client gives back: shard iterators and pagination tokens.

They are signed with a key of this process, or with the one that is kept: what was made elsewhere, or altered, is
refused.
"""

import hashlib
import hmac
import json
import secrets
from base64 import b64decode, b64encode
from typing import Any

LIFETIME_SECONDS = 300
"""https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html"""

_SIGNATURE_BYTES = 12
_key = secrets.token_bytes(32)


def signing_key() -> bytes:
    """Return the key."""
    return _key


def use_signing_key(key: bytes) -> None:
    """Sign with `key` from now on: what a former process has signed with it is good here."""
    global _key
    _key = key


def seal(*content: Any) -> str:
    """Return a token that carries JSON values.

    In base64's own alphabet, as AWS's are: with the one for URLs some begin with "-", and the AWS CLI takes them for
    options.
    """
    body = json.dumps(content, separators=(",", ":")).encode()
    return b64encode(_signature(body) + body).decode()


def unseal(token: str, length: int) -> list[Any]:
    """Return the `length` values of a token.

    Raises:
        ValueError: it was not made here, or for another purpose.
    """
    content = opened(token)
    if len(content) != length:
        raise ValueError("content")
    return content


def opened(token: str) -> list[Any]:
    """Return the values of a token, whatever it is for.

    Raises:
        ValueError: it was not made here.
    """
    raw = b64decode(token, validate=True)
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(body)):
        raise ValueError("signature")
    content: list[Any] = json.loads(body)
    return content


def _signature(body: bytes) -> bytes:
    return hmac.digest(_key, body, hashlib.sha256)[:_SIGNATURE_BYTES]
