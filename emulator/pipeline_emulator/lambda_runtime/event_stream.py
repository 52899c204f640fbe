"""Encodes events as `application/vnd.amazon.eventstream`.

https://smithy.io/2.0/aws/amazon-eventstream.html. Core's encoder sends an initial response, which REST services do not
have, and no content types, and it encodes records slowly.
"""

import struct
from binascii import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7
_CHECKSUM = struct.Struct("!I")
_LENGTHS = struct.Struct("!II")  # of the message, and of its headers


def encode(event_type: str, payload: bytes, content_type: str = "") -> bytes:
    """Return one message; without a content type, it has no such header."""
    pairs = ((":event-type", event_type), (":content-type", content_type), (":message-type", "event"))
    headers = b"".join(_header(name, value) for name, value in pairs if value)
    length = _LENGTHS.size + _CHECKSUM.size + len(headers) + len(payload) + _CHECKSUM.size
    lengths = _LENGTHS.pack(length, len(headers))
    message = b"".join((lengths, _CHECKSUM.pack(crc32(lengths)), headers, payload))
    return message + _CHECKSUM.pack(crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(value)) + value.encode()
