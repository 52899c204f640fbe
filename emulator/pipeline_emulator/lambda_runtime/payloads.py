"""Checks what an invocation is given, as AWS does before it runs a function.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: the payload is JSON, the client context a Base64-encoded
JSON object.
"""

import base64
import binascii
import io
from collections.abc import Callable
from typing import Any

import msgspec
from localstack.aws.api.lambda_ import InvalidRequestContentException

from pipeline_emulator import patches

_NO_JSON = "Could not parse request body into json: Could not parse payload into json: {}"
_NO_CONTEXT = "Client context must be a valid Base64-encoded JSON object."


def install() -> None:
    """Check the requests of Invoke. Core runs the function with anything that is UTF-8."""

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
        InvalidRequestContentException: the payload is not JSON, or the context is no Base64-encoded JSON object.
    """
    if client_context:
        try:
            msgspec.json.decode(base64.b64decode(client_context), type=dict[str, Any])
        except (binascii.Error, ValueError) as error:
            raise InvalidRequestContentException(_NO_CONTEXT, Type="User") from error
    try:
        msgspec.json.decode(payload or b"{}", type=msgspec.Raw)
    except msgspec.DecodeError as error:
        raise InvalidRequestContentException(_NO_JSON.format(error), Type="User") from error
