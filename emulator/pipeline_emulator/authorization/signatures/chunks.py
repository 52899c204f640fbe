"""Verifies the signatures of the chunks and trailers of S3's aws-chunked uploads.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html.
"""

import hashlib
import hmac
import re
from typing import IO

from pipeline_emulator.authorization.signatures import computed
from pipeline_emulator.authorization.signatures.claims import Claim

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = f"{SIGNED}-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})\r\n")
_TRAILER_SIGNATURE = b"x-amz-trailer-signature:"
_LINE_BYTES = 8192
_READ_BYTES = 1024 * 1024


def are_signed(content: IO[bytes], claim: Claim, secret: str, *, trailer: bool) -> bool:
    """Return whether every chunk, and with `trailer` the trailer, is signed and follows the one before."""
    position = content.tell()
    content.seek(0)
    try:
        return _are_signed(content, claim, secret, trailer)
    finally:
        content.seek(position)


def _are_signed(content: IO[bytes], claim: Claim, secret: str, trailer: bool) -> bool:
    previous = claim.signature
    while True:
        head = _CHUNK.fullmatch(content.readline(_LINE_BYTES))
        if head is None:
            return False
        size, found = int(head[1], 16), hashlib.sha256()
        remaining = size
        while remaining and (data := content.read(min(remaining, _READ_BYTES))):
            found.update(data)
            remaining -= len(data)
        expected = computed.of_chunk(claim, secret, "PAYLOAD", previous, found.hexdigest())
        if remaining or not hmac.compare_digest(expected, head[2].decode()):
            return False
        previous = expected
        if size == 0:
            return _is_trailer_signed(content, claim, secret, previous) if trailer else True
        if content.read(2) != b"\r\n":
            return False


def _is_trailer_signed(content: IO[bytes], claim: Claim, secret: str, previous: str) -> bool:
    trailers = b""
    while (line := content.readline(_LINE_BYTES)) and line.strip():
        if line.lower().startswith(_TRAILER_SIGNATURE):
            expected = computed.of_chunk(claim, secret, "TRAILER", previous, hashlib.sha256(trailers).hexdigest())
            return hmac.compare_digest(expected.encode(), line.partition(b":")[2].strip())
        name, _, value = line.partition(b":")
        trailers += name.strip().lower() + b":" + value.strip() + b"\n"
    return False
