"""Checks the chunks and trailers of S3's aws-chunked uploads, and their signatures if they are signed.

Core's decoder takes less strict spellings, any number of bytes and any trailer, so this module checks all that
it may find. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and sigv4-streaming-trailers.html.
"""

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO

from pipeline_emulator.authorization.signatures import computed
from pipeline_emulator.authorization.signatures.claims import Claim
from pipeline_emulator.authorization.signatures.problem import Problem

SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = f"{SIGNED}-TRAILER"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
KINDS = frozenset({SIGNED, SIGNED_TRAILER, UNSIGNED_TRAILER})
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\r\n")
_TRAILER = re.compile(rb"([A-Za-z0-9-]+):[ \t]*([\x21-\x7e]*)[ \t]*(?:\r?\n)?")
_TRAILER_SIGNATURE = b"x-amz-trailer-signature"
_LINE_BYTES = 8192
_READ_BYTES = 1024 * 1024


class _ProblemError(Exception):
    """Carries the problem out of the reader."""


@dataclass(frozen=True, slots=True)
class Signing:
    """What an upload's chunks are signed with."""

    claim: Claim
    secret: str


def problem(
    content: IO[bytes], kind: str, length: int | None, trailers: Iterable[str], signing: Signing | None
) -> Problem | None:
    """Return what is wrong with an upload; None if nothing is.

    Args:
        content: the body; its position is kept.
        kind: one of KINDS.
        length: the number of bytes without chunk heads, as the client says; None if it does not.
        trailers: the names of the trailers, as the client says.
        signing: None if signatures are not compared.
    """
    position = content.tell()
    content.seek(0)
    try:
        _Reader(content, kind, signing if kind != UNSIGNED_TRAILER else None).read(length, sorted(trailers))
    except _ProblemError as error:
        found: Problem = error.args[0]
        return found
    finally:
        content.seek(position)
    return None


class _Reader:
    """Reads a body from its start to its end."""

    def __init__(self, content: IO[bytes], kind: str, signing: Signing | None) -> None:
        self._content, self._kind, self._signing = content, kind, signing
        self._previous = signing.claim.signature if signing else ""

    def read(self, length: int | None, trailers: list[str]) -> None:
        found = 0
        while size := self._chunk():
            found += size
        if length is not None and found != length:
            raise _ProblemError(Problem.LENGTH)
        names = self._trailers() if self._kind != SIGNED else []
        if names != trailers or self._content.read(_LINE_BYTES).strip(b"\r\n"):
            raise _ProblemError(Problem.TRAILER)

    def _chunk(self) -> int:
        """Read a chunk. Return its size, 0 for the last one."""
        head = _CHUNK.fullmatch(self._content.readline(_LINE_BYTES))
        if head is None or (self._signing and head[2] is None):
            raise _ProblemError(Problem.SIGNATURE if self._signing else Problem.LENGTH)
        size = int(head[1], 16)
        digest = self._hashed(size)
        self._require("PAYLOAD", digest, head[2])
        if size and self._content.read(2) != b"\r\n":
            raise _ProblemError(Problem.SIGNATURE if self._signing else Problem.LENGTH)
        return size

    def _hashed(self, size: int) -> str:
        """Read a chunk's content. Return its hash in hex digits; empty if nobody needs it."""
        if self._signing is None:
            self._content.seek(size, os.SEEK_CUR)
            return ""
        found, remaining = hashlib.sha256(), size
        while remaining and (data := self._content.read(min(remaining, _READ_BYTES))):
            found.update(data)
            remaining -= len(data)
        return found.hexdigest()

    def _trailers(self) -> list[str]:
        """Read the trailers, of which the signature is the last. Return the others' names."""
        names: list[str] = []
        text = b""
        while (line := self._content.readline(_LINE_BYTES)) and line.strip():
            if (trailer := _TRAILER.fullmatch(line)) is None:
                raise _ProblemError(Problem.TRAILER)
            name, value = trailer[1].lower(), trailer[2]
            if name == _TRAILER_SIGNATURE and self._kind == SIGNED_TRAILER:
                self._require("TRAILER", hashlib.sha256(text).hexdigest(), value)
                return sorted(names)
            names.append(name.decode("latin-1"))
            text += name + b":" + value + b"\n"
        if self._signing:
            raise _ProblemError(Problem.SIGNATURE)
        return sorted(names)

    def _require(self, kind: str, digest: str, given: bytes | None) -> None:
        """Compare a signature, which the next one continues."""
        if self._signing is None:
            return
        self._previous = computed.of_chunk(self._signing.claim, self._signing.secret, kind, self._previous, digest)
        if not hmac.compare_digest(self._previous.encode(), given or b""):
            raise _ProblemError(Problem.SIGNATURE)
