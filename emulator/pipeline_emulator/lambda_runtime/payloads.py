"""Checks what an invocation is given, as AWS does before it runs a function, and completes the response's headers.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: the payload is JSON, the client context a Base64-encoded
JSON object of up to 3,583 bytes.
"""

import base64
import binascii
import io
from collections.abc import Callable
from typing import Any

import msgspec
from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidRequestContentException
from localstack.http import Response

from pipeline_emulator import patches

_NO_JSON = "Could not parse request body into json: Could not parse payload into json: {}"
_NO_CONTEXT = "Client context must be a valid Base64-encoded JSON object."
_CONTEXT_BYTES = 3583
# AWS's own words are not known.
_LONG_CONTEXT = f"Client context must not be longer than {_CONTEXT_BYTES} bytes."


def install() -> None:
    """Check the requests of Invoke. Core runs the function with anything that is UTF-8."""
    patches.DESCRIBE_ANSWER.append(_describe_answer)

    @patches.CHECK_PAYLOAD.wrap
    def invoke(
        original: Callable[..., Any], self: Any, context: Any, *args: Any, payload: Any = None,
        client_context: str | None = None, **more: Any,
    ) -> Any:  # fmt: skip
        content = payload.read() if hasattr(payload, "read") else payload
        check(content, client_context)
        stream = io.BytesIO(content) if content else None
        return original(self, context, *args, payload=stream, client_context=client_context, **more)


def check(payload: bytes | None, client_context: str | None) -> None:
    """Check a payload, which may be empty, and a client context.

    Raises:
        InvalidRequestContentException: the payload is not JSON, or the context is no Base64-encoded JSON object of up
            to 3,583 bytes.
    """
    if client_context:
        if len(client_context) > _CONTEXT_BYTES:
            raise InvalidRequestContentException(_LONG_CONTEXT, Type="User")
        try:
            msgspec.json.decode(base64.b64decode(client_context), type=dict[str, Any])
        except (binascii.Error, ValueError) as error:
            raise InvalidRequestContentException(_NO_CONTEXT, Type="User") from error
    try:
        msgspec.json.decode(payload or b"{}", type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise InvalidRequestContentException(_NO_JSON.format(error), Type="User") from error


def _describe_answer(_chain: Any, context: RequestContext, response: Response) -> None:
    """Name the content's type and the trace. Core calls a function's answer octets."""
    if context.operation is None or context.operation.name != "Invoke" or response.status_code >= 300:
        return
    if response.status_code == 200:
        response.headers["Content-Type"] = "application/json"
    trace = context.trace_context["aws_trace_header"]  # of an asynchronous invocation, core has made it a text
    response.headers["X-Amzn-Trace-Id"] = trace if isinstance(trace, str) else trace.to_header_str()
