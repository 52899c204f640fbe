"""The HTTP response that a function's answer stands for.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads, and for streams
https://docs.aws.amazon.com/lambda/latest/dg/response-streaming-tutorial.html.
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localstack.http import Response

INTEGRATION_TYPE = "application/vnd.awslambda.http-integration-response"
_DELIMITER = bytes(8)
_MAX_PRELUDE_BYTES = 1024 * 1024
_JSON = "application/json"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# Set by the gateway, which alone knows how it sends the body.
_CONNECTION_HEADERS = frozenset({"connection", "content-length", "keep-alive", "te", "transfer-encoding", "upgrade"})


class MalformedResponseError(Exception):
    """A function's answer is no HTTP response."""


@dataclass(frozen=True)
class Head:
    """Status, headers and cookies of a response; header names are in lower case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()

    def response(self, body: bytes | Iterable[bytes]) -> Response:
        """Return the response with a body."""
        headers = {"content-type": _JSON} | dict(self.headers)
        found = Response(body, self.status, headers)
        for cookie in self.cookies:
            found.headers.add("set-cookie", cookie)
        return found


def of_payload(payload: bytes) -> Response:
    """Return the response for the whole answer of a function.

    JSON without a `statusCode` is the body itself: a text without its quotes, anything else without needless spaces.
    (Recorded on AWS by LocalStack's tests of 2025-11-24, `test_lambda_url_invocation`.)

    Raises:
        MalformedResponseError: it is neither JSON nor a streamed response.
    """
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        split = split_prelude(payload)
        if split is None:
            raise MalformedResponseError("the function's answer is no JSON") from None
        return split[0].response(split[1])
    if not isinstance(answer, dict) or "statusCode" not in answer:
        return Head().response(_compact(answer))
    return _head(answer).response(_body(answer))


def _compact(answer: Any) -> bytes:
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="replace")  # half a surrogate pair


def split_prelude(data: bytes) -> tuple[Head, bytes] | None:
    """Return the head that begins a streamed response, and the begin of its body; None if the head is incomplete.

    Raises:
        MalformedResponseError: it is no head.
    """
    prelude, delimiter, rest = data.partition(_DELIMITER)
    if len(prelude) > _MAX_PRELUDE_BYTES:
        raise MalformedResponseError(f"the head of the response is longer than {_MAX_PRELUDE_BYTES} bytes")
    if not delimiter:
        return None
    try:
        answer = json.loads(prelude)
    except (ValueError, RecursionError):
        raise MalformedResponseError("the head of the response is no JSON") from None
    if not isinstance(answer, dict):
        raise MalformedResponseError("the head of the response is no object")
    return _head({"statusCode": 200} | answer), rest


def _head(answer: Mapping[str, Any]) -> Head:
    return Head(_status(answer["statusCode"]), _headers(answer.get("headers")), _cookies(answer.get("cookies")))


def _status(value: Any) -> int:
    number = int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
    if isinstance(number, bool) or not isinstance(number, int) or not 200 <= number <= 599:
        raise MalformedResponseError(f"{value!r} is no status code")
    return number


def _headers(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise MalformedResponseError("headers must be an object")
    found = {name.lower(): _text(each, f"header {name}") for name, each in value.items() if each is not None}
    if wrong := [name for name in found if not _TOKEN.fullmatch(name)]:
        raise MalformedResponseError(f"{wrong[0]!r} is no name of a header")
    return {name: each for name, each in found.items() if name not in _CONNECTION_HEADERS}


def _cookies(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise MalformedResponseError("cookies must be a list")
    return tuple(_text(each, "a cookie") for each in value)


def _text(value: Any, what: str) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if not isinstance(value, str) or _UNPRINTABLE.search(value):
        raise MalformedResponseError(f"{what} must be one line of text")
    try:
        return value.encode().decode("latin-1")  # as which servers send header fields
    except UnicodeEncodeError:  # half a surrogate pair
        raise MalformedResponseError(f"{what} is no text") from None


def _body(answer: Mapping[str, Any]) -> bytes:
    body = answer.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):  # recorded on AWS by LocalStack's tests, `test_lambda_url_echo_http_fixture_default`
        return _compact(body)
    try:
        return b64decode(body, validate=True) if answer.get("isBase64Encoded") is True else body.encode()
    except (binascii.Error, ValueError):
        raise MalformedResponseError("body is not what isBase64Encoded says") from None
