"""Opaque tokens that clients send back: shard iterators and pagination tokens.

They are signed with a key of this process, or with a stored one. Foreign or altered tokens are refused.
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
    """Return the key that signs tokens."""
    return _key


def use_signing_key(key: bytes) -> None:
    """Sign with `key` from now on, so that tokens an earlier process signed with it stay valid."""
    global _key
    _key = key


def seal(*content: Any) -> str:
    """Return a token that carries JSON values.

    The alphabet is base64's standard one, as on AWS. In the one for URLs some tokens begin with "-", and the AWS CLI
    takes them for options.
    """
    body = json.dumps(content, separators=(",", ":")).encode()
    return b64encode(_signature(body) + body).decode()


def unseal(token: str, length: int | None = None) -> list[Any]:
    """Return the values of a token; `length`, if given, is how many it must have.

    Raises:
        ValueError: the token is not from `seal`, or has another number of values.
    """
    raw = b64decode(token, validate=True)
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _signature(body)):
        raise ValueError("signature")
    content: list[Any] = json.loads(body)
    if length is not None and len(content) != length:
        raise ValueError("content")
    return content


def _signature(body: bytes) -> bytes:
    return hmac.digest(_key, body, hashlib.sha256)[:_SIGNATURE_BYTES]
