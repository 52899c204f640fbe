"""Values in Kinesis's requests that core's parsers read too generously: times and binary data. Empty responses.

AWS reads numbers of seconds in JSON, of milliseconds in CBOR, and refuses a time in the future with
InvalidArgumentException, however large it is. Base64 has to be complete and correct. Tested against AWS by
https://github.com/mhart/kinesalite (validations/index.js, test/helpers.js).
"""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.parser import ProtocolParserError

from pipeline_emulator import patches

_SERVICE = "kinesis"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 0.0, datetime(9999, 12, 31, tzinfo=UTC).timestamp()
_KINDS: dict[type, str] = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}


def install() -> None:
    """Read times and binary data as AWS does; send no body where an operation has no output."""

    @patches.PARSE_JSON_TIMESTAMPS.wrap
    def parse_timestamp(
        original: Callable[..., Any], self: Any, request: Any, shape: Any, node: Any, uri: Any = None
    ) -> Any:
        if self.service.service_name != _SERVICE:
            return original(self, request, shape, node, uri)
        if isinstance(node, datetime):  # of CBOR
            return node
        if type(node) not in (int, float) or not math.isfinite(node):
            raise _inconvertible(node, "milliseconds since epoch")
        return moment(node / 1000 if _is_cbor(request) else node)

    @patches.PARSE_CBOR.wrap
    def loads(original: Callable[..., Any], body: bytes) -> Any:
        try:
            return original(body)
        except ValueError as error:
            if "epoch" not in str(error):
                raise
            text = "The timestampInMillis parameter is out of range."
            raise CommonServiceException("InvalidArgumentException", text, sender_fault=True) from error

    @patches.PARSE_JSON_BLOBS.wrap
    def parse_blob(
        original: Callable[..., Any], self: Any, request: Any, shape: Any, node: Any, uri: Any = None
    ) -> Any:
        if self.service.service_name != _SERVICE or node is None:
            return original(self, request, shape, node, uri)
        if _is_cbor(request):
            if not isinstance(node, bytes):
                raise _inconvertible(node, "a Blob")
            return node
        return _decoded(node)

    @patches.SERIALIZE_BODY.wrap
    def serialize_body(
        original: Callable[..., Any], self: Any, params: Any, shape: Any, operation: Any, *args: Any
    ) -> Any:
        if shape is None and operation.service_model.service_name == _SERVICE:
            return ""
        return original(self, params, shape, operation, *args)


def moment(seconds: float) -> datetime:
    """Return a time; those that Python has no date for become the first or the last one."""
    return _EPOCH + timedelta(seconds=min(max(seconds, _EARLIEST), _LATEST))


def _is_cbor(request: Any) -> bool:
    return bool(request.mimetype.startswith("application/x-amz-cbor"))


def _decoded(node: Any) -> bytes:
    if type(node) is not str:
        raise _inconvertible(node, "a Blob")
    try:
        data = base64.b64decode(node, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProtocolParserError(f"'{node[:60]}' can not be converted to a Blob: invalid Base64") from error
    if len(node) != (len(data) + 2) // 3 * 4:
        raise ProtocolParserError(f"'{node[:60]}' can not be converted to a Blob: invalid Base64")
    return data


def _inconvertible(node: Any, kind: str) -> ProtocolParserError:
    if isinstance(node, dict | list):
        start = "structure or map" if isinstance(node, dict) else "list"
        return ProtocolParserError(f"Start of {start} found where not expected")
    value = f"{node}_VALUE".upper() if isinstance(node, bool) else _KINDS.get(type(node), "VALUE")
    return ProtocolParserError(f"{value} can not be converted to {kind}")
