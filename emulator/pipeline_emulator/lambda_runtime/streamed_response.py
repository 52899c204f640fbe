"""A response that a runtime streams to its Runtime API.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming
"""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus

from pipeline_emulator.lambda_runtime import errors
from pipeline_emulator.lambda_runtime.invocation import Answer
from pipeline_emulator.lambda_runtime.response_stream import ResponseStream
from pipeline_emulator.lambda_runtime.runtime_api import ACCEPTED, Reply, refusal

_ERROR_TYPE, _ERROR_BODY = "lambda-runtime-function-error-type", "lambda-runtime-function-error-body"
# A connection breaks off a moment before its process is known to have ended, on a loaded machine a second. The exit is
# then the better reason.
_EXIT_SECONDS = 2.0


class StreamedResponse:
    """Passes the response on to the caller's stream. Without one, collects it up to the size of an answer.

    Args:
        answer: Set at the end of the response.
        stream: The caller's, or None if the caller waits for the whole response.
    """

    def __init__(self, answer: asyncio.Future[Answer], stream: ResponseStream | None) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._stream = stream
        self._limit = errors.MAX_STREAMED_BYTES if stream else errors.MAX_RESPONSE_BYTES
        self._size = 0
        self._collected = bytearray()

    async def write(self, data: bytes) -> None:
        """Pass on the next part, unless the response is too large or its invocation has ended."""
        self._size += len(data)
        if self._size > self._limit:
            self._end(Answer(errors.response_too_large(self._limit), is_error=True))
        elif not self._answer.done():
            await self._keep(data)

    async def finish(self, trailers: Mapping[str, str]) -> Reply:
        """End the response, with an error if the trailers have one."""
        self._end(_failed(trailers) or Answer(bytes(self._collected), is_error=False))
        if self._size <= self._limit:
            return ACCEPTED
        message = f"Exceeded maximum allowed payload size ({self._limit} bytes)."
        return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", message)

    def break_off(self) -> None:
        """End a response that is incomplete, unless the runtime turns out to have ended."""
        if self.ended.done():
            return
        self.ended.set_result(None)
        truncated = Answer(errors.truncated(), is_error=True)
        asyncio.get_running_loop().call_later(_EXIT_SECONDS, self._set, truncated)

    async def _keep(self, data: bytes) -> None:
        if self._stream:
            await self._stream.write(data)
        else:
            self._collected += data

    def _end(self, answer: Answer) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        self._set(answer)

    def _set(self, answer: Answer) -> None:
        if not self._answer.done():
            self._answer.set_result(answer)


def _failed(trailers: Mapping[str, str]) -> Answer | None:
    """Return the error that a function reports after a part of its response."""
    if (error_type := trailers.get(_ERROR_TYPE)) is None:
        return None
    encoded = trailers.get(_ERROR_BODY, "")
    try:
        body = b64decode(encoded, validate=True)
    except binascii.Error:
        body = encoded.encode()
    return Answer(errors.streamed(error_type, body), is_error=True)
