"""What the check of an aws-chunked body accepts, core's decoder reads as it was meant; of a signed one, only itself."""

import hashlib
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from localstack.services.s3.codec import AwsChunkedDecoder

from pipeline_emulator.authorization.signatures import chunks, computed
from pipeline_emulator.authorization.signatures.chunks import Signing
from pipeline_emulator.authorization.signatures.claims import Claim, Place

pytestmark = [pytest.mark.local_only, pytest.mark.property]
run = settings(max_examples=20 * settings().max_examples)
TRAILER, SECRET = "x-amz-checksum-crc32", "secret"
CLAIM = Claim(
    key="AKIA", place=Place.HEADER, signature="0" * 64, date="20260101", region="ap-south-1", service="s3",
    timestamp="20260101T000000Z",
)  # fmt: skip
PIECES = (
    b"", b"\r\n", b"\n", b"0\r\n", b"3\r\n", b"0x", b"+", b"_", b" ", b";a=b", b"-1", b"fff", b"x-more:1\r\n",
    b"\r\nx-more:1", b":", b"\xff",
)  # fmt: skip


def body(kind: str, parts: list[bytes]) -> bytes:
    """Return a well-formed body."""
    found, previous = b"", CLAIM.signature
    for part in [*parts, b""]:
        extension = b""
        if kind != chunks.UNSIGNED_TRAILER:
            previous = computed.of_chunk(CLAIM, SECRET, "PAYLOAD", previous, hashlib.sha256(part).hexdigest())
            extension = f";chunk-signature={previous}".encode()
        found += f"{len(part):x}".encode() + extension + b"\r\n" + part + (b"\r\n" if part else b"")
    line = f"{TRAILER}:AAAAAA==\n".encode()
    if kind != chunks.SIGNED:
        found += line.replace(b"\n", b"\r\n")
    if kind == chunks.SIGNED_TRAILER:
        signature = computed.of_chunk(CLAIM, SECRET, "TRAILER", previous, hashlib.sha256(line).hexdigest())
        found += f"x-amz-trailer-signature:{signature}\r\n".encode()
    return found + b"\r\n"


def damaged(text: bytes, seed: int) -> bytes:
    """Return a body with up to three pieces put in, taken out, repeated or exchanged."""
    draw = random.Random(seed)
    for _ in range(draw.randint(0, 3)):
        start, end = sorted(draw.choice((draw.randrange(len(text) + 1), len(text))) for _ in range(2))
        end = min(end, start + draw.choice((0, 1, 2, 80, 2000)))
        piece = draw.choice([*PIECES, text[start:end], bytes([draw.randrange(256)])])
        text = text[:start] + piece + text[end if draw.random() < 0.7 else start :]
    return text


@run
@given(
    kind=st.sampled_from(sorted(chunks.KINDS)),
    parts=st.lists(st.binary(min_size=1, max_size=40), max_size=3),
    length=st.integers(-1, 1),
    seed=st.integers(0, 2**63),
)
def test_what_is_accepted_is_what_is_read(kind: str, parts: list[bytes], length: int, seed: int) -> None:
    text = damaged(body(kind, parts), seed)
    size = sum(map(len, parts)) + length * (seed % 2)
    trailers = [] if kind == chunks.SIGNED else [TRAILER]
    if chunks.problem(io.BytesIO(text), kind, size, trailers, Signing(CLAIM, SECRET)):
        return
    decoder = AwsChunkedDecoder(io.BytesIO(text), size)
    content = decoder.readall()
    assert len(content) == size
    assert sorted({*map(str.lower, decoder.trailing_headers)} - {"x-amz-trailer-signature", ""}) == trailers
    if kind != chunks.UNSIGNED_TRAILER:
        assert content == b"".join(parts)


@pytest.mark.parametrize("kind", sorted(chunks.KINDS))
def test_an_undamaged_body_is_accepted(kind: str) -> None:
    trailers = [] if kind == chunks.SIGNED else [TRAILER]
    for parts in ([], [b"a" * 20, b"b"]):
        text, size = body(kind, parts), sum(map(len, parts))
        assert chunks.problem(io.BytesIO(text), kind, size, trailers, Signing(CLAIM, SECRET)) is None
