"""Recognises the head of a request that can be served fast, by what it has and by what it does not have."""

import re
from dataclasses import dataclass
from functools import lru_cache

from localstack import config
from localstack.constants import LOCALHOST

from pipeline_emulator.gateway.body_limits import SMALLEST
from pipeline_emulator.gateway.hosts import host_of

END = b"\r\n\r\n"
MAX_HEAD_BYTES = 8 * 1024
# A larger body takes the usual way, which knows the limit of each service and keeps it on disk.
MAX_BODY_BYTES = SMALLEST

# They neither wait for anything nor send requests, so they can be served in the reactor's thread.
OPERATIONS = frozenset({"PutRecord", "PutRecords", "GetRecords", "GetShardIterator"})
_BY_TARGET = {f"Kinesis_20131202.{name}": name for name in (*OPERATIONS, "SubscribeToShard")}
# A name or an ARN, with a version or an alias. Any other character takes the usual way, which refuses it.
_INVOKE = re.compile(
    r"/2015-03-31/functions/(?:[A-Za-z0-9_-]|:|%3A)+/invocations(?:\?Qualifier=(?:[A-Za-z0-9_-]|%24|\$)+)?"
)
_BEGINNINGS = (b"POST / HTTP/1.1\r\n", b"POST /2015-03-31/functions/")
_REQUEST_LINE = re.compile(rb"POST ([\x21-\x7e]+) HTTP/1\.1")
_HEADERS = re.compile(rb"(?:\r\n[A-Za-z0-9-]++:[ \t]*+(?:[\x21-\x7e]++(?: ++[\x21-\x7e]++)*+)?+[ \t]*+)*+")
_NUMBER = re.compile(r"[0-9]{1,7}")
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/\d{8}/[a-z0-9-]+/([a-z]+)/aws4_request,.*")
# What the SDKs send. Any other header may mean something to a handler that is left out, or to the HTTP server.
_NEEDED = frozenset({"host", "content-length", "authorization"})
_KNOWN = _NEEDED | {
    "accept",
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "connection",
    "content-type",
    "user-agent",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-user-agent",
    "x-amzn-trace-id",
}
_KNOWN_OF = {
    "kinesis": _KNOWN | {"x-amz-target"},
    "lambda": _KNOWN | {"x-amz-client-context", "x-amz-invocation-type", "x-amz-log-type"},
}
_TYPES_OF = {
    "kinesis": frozenset({"application/x-amz-json-1.1", "application/x-amz-cbor-1.1"}),
    "lambda": frozenset({"", "application/json", "application/octet-stream"}),
}
_INVOCATION_TYPES = frozenset({"RequestResponse", "Event"})
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-f:.]+")


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request.

    Attributes:
        service: `kinesis` or `lambda`.
        operation: of the service.
        target: path and query, as sent.
        length: of the body, in bytes.
        lines: of the headers, in their order.
        values: the headers' values by names in lower case.
    """

    service: str
    operation: str
    target: str
    length: int
    lines: list[str]
    values: dict[str, str]

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """Names as sent and values, in their order."""
        parts = (line.encode().partition(b":") for line in self.lines)
        return [(name, value.strip(b" \t")) for name, _, value in parts]

    @property
    def waits(self) -> bool:
        """Whether the operation waits for something, so that it needs a thread of its own."""
        return self.operation not in OPERATIONS


def may_become_one(received: bytes | bytearray) -> bool:
    """Return whether the bytes may be the beginning of a request to serve fast."""
    return any(received[: len(each)] == each[: len(received)] for each in _BEGINNINGS)


def recognised(block: bytes) -> Head | None:
    """Return the head of a request to serve fast, or None.

    Args:
        block: from the request line to the last header, without the empty line.
    """
    requested = _REQUEST_LINE.match(block)
    if requested is None or _HEADERS.fullmatch(block, requested.end()) is None:
        return None
    lines = block.decode().split("\r\n")[1:]
    parts = [line.partition(":") for line in lines]
    values = {name.lower(): value.strip(" \t") for name, _, value in parts}
    if len(values) < len(lines) or not values.keys() >= _NEEDED:
        return None
    target = requested[1].decode()
    service, operation = _operation(target, values)
    if operation is None or not _is_plain(values, service):
        return None
    return Head(service, operation, target, int(values["content-length"]), lines, values)


def _operation(target: str, values: dict[str, str]) -> tuple[str, str | None]:
    if target == "/":
        return "kinesis", _BY_TARGET.get(values.get("x-amz-target", ""))
    usual = values.get("x-amz-invocation-type", "RequestResponse") in _INVOCATION_TYPES
    return "lambda", "Invoke" if usual and _INVOKE.fullmatch(target) else None


def _is_plain(values: dict[str, str], service: str) -> bool:
    """Return whether no handler that is left out would do anything about a request with these headers."""
    signed = _SIGNED.fullmatch(values["authorization"])
    return (
        values.keys() <= _KNOWN_OF[service]
        and _NUMBER.fullmatch(values["content-length"]) is not None
        and (0 if service == "lambda" else 1) <= int(values["content-length"]) <= MAX_BODY_BYTES
        and values.get("content-type", "") in _TYPES_OF[service]
        and values.get("connection", "keep-alive").lower() == "keep-alive"
        and values.get("accept", "*/*") == "*/*"
        and not values.get("user-agent", "").startswith("Mozilla/")
        and signed is not None
        and signed[1] == service
        and _is_plain_host(values["host"])
    )


@lru_cache(maxsize=100)
def _is_plain_host(authority: str) -> bool:
    """Return whether a host selects no bucket, function, queue or API: an address, or the emulator's own name."""
    host = host_of(authority)
    return host is not None and (host in (LOCALHOST, config.LOCALSTACK_HOST.host) or bool(_ADDRESS.fullmatch(host)))
