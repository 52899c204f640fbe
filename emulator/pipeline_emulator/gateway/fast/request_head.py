"""Recognises the head of a request that can be served fast, by what it has and by what it does not have."""

import re
from dataclasses import dataclass

from localstack import config
from localstack.constants import LOCALHOST

from pipeline_emulator.gateway.body_limits import SMALLEST
from pipeline_emulator.gateway.hosts import host_of

REQUEST_LINE = b"POST / HTTP/1.1\r\n"
END = b"\r\n\r\n"
MAX_HEAD_BYTES = 8 * 1024
# A larger body takes the usual way, which knows the limit of each service and keeps it on disk.
MAX_BODY_BYTES = SMALLEST

# They neither wait for anything nor send requests, so they can be served in the reactor's thread.
OPERATIONS = frozenset({"PutRecord", "PutRecords", "GetRecords", "GetShardIterator"})
_BY_TARGET = {f"Kinesis_20131202.{name}": name for name in OPERATIONS}
_TYPES = frozenset({"application/x-amz-json-1.1", "application/x-amz-cbor-1.1"})
_HEADER = re.compile(rb"([A-Za-z0-9-]+):[ \t]*((?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?)[ \t]*")
_NUMBER = re.compile(r"[0-9]{1,7}")
_SIGNED_FOR_KINESIS = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/kinesis/aws4_request,.*")
# What the SDKs send. Any other header may mean something to a handler that is left out, or to the HTTP server.
_NEEDED = frozenset({"host", "x-amz-target", "content-type", "content-length", "authorization"})
_KNOWN = _NEEDED | {
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "connection",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amzn-trace-id",
}
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:.]+")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Attributes:
        operation: of Kinesis.
        length: of the body, in bytes.
        headers: names as sent and values, in their order.
        values: the values by names in lower case.
    """

    operation: str
    length: int
    headers: list[tuple[bytes, bytes]]
    values: dict[str, str]


def recognised(block: bytes) -> Head | None:
    """Return the head of a request to serve fast, or None.

    Args:
        block: from the request line to the last header, without the empty line.
    """
    headers = []
    for line in block.split(b"\r\n")[1:]:
        if (found := _HEADER.fullmatch(line)) is None:
            return None
        headers.append((found[1], found[2]))
    values = {name.decode().lower(): value.decode() for name, value in headers}
    operation = _BY_TARGET.get(values.get("x-amz-target", ""))
    if len(values) < len(headers) or operation is None or not _is_plain(values):
        return None
    return Head(operation, int(values["content-length"]), headers, values)


def _is_plain(values: dict[str, str]) -> bool:
    """Return whether no handler that is left out would do anything about a request with these headers."""
    names = values.keys()
    return (
        _NEEDED <= names <= _KNOWN
        and _NUMBER.fullmatch(values["content-length"]) is not None
        and 0 < int(values["content-length"]) <= MAX_BODY_BYTES
        and values["content-type"] in _TYPES
        and values.get("connection", "keep-alive").lower() == "keep-alive"
        and values.get("accept", "*/*") == "*/*"
        and not values.get("user-agent", "").startswith("Mozilla/")
        and _SIGNED_FOR_KINESIS.fullmatch(values["authorization"]) is not None
        and _is_plain_host(values["host"])
    )


def _is_plain_host(authority: str) -> bool:
    """Return whether a host selects no bucket, function, queue or API: an address, or the emulator's own name."""
    host = host_of(authority)
    return host is not None and (host in (LOCALHOST, config.LOCALSTACK_HOST.host) or bool(_ADDRESS.fullmatch(host)))
