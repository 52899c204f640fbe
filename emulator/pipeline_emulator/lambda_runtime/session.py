"""The conversation with a function's runtime over the Runtime API, from its start to its end."""

import asyncio
import json
import time
from http import HTTPStatus

from pipeline_emulator.lambda_runtime import errors
from pipeline_emulator.lambda_runtime.invocation import Answer, Failure, Invocation
from pipeline_emulator.lambda_runtime.runtime_api import ACCEPTED, Reply, refusal
from pipeline_emulator.lambda_runtime.streamed_response import StreamedResponse

# How long an ended runtime's response is read: what it wrote before its end may still be on its way.
_REST_SECONDS = 1.0


class Session:
    """Implements `runtime_api.RuntimeApi`. Call `begin` whenever the runtime is started."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget the previous run of the runtime."""
        self.initialized: asyncio.Future[Failure | None] = asyncio.get_running_loop().create_future()
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting: asyncio.Queue[tuple[Invocation, int]] = asyncio.Queue(1)
        self._current: Invocation | None = None
        self._streamed: StreamedResponse | None = None

    def offer(self, invocation: Invocation, seconds: float) -> asyncio.Future[Answer]:
        """Offer an event, to be answered within `seconds`. The runtime takes it with its next request for one."""
        self._answer = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((invocation, int((time.time() + seconds) * 1000)))
        return self._answer

    @property
    def taken(self) -> bool:
        """Whether the runtime has taken the event."""
        return self._waiting.empty()

    def withdraw(self) -> bool:
        """Withdraw the event. Return False if the runtime has already taken it."""
        if self.taken:
            return False
        self._waiting.get_nowait()
        return True

    async def next_invocation(self) -> Reply:
        """Wait for the next event and return it. The runtime's first request means that it has initialized."""
        if not self.initialized.done():
            self.initialized.set_result(None)
        invocation, deadline_ms = await self._waiting.get()
        self._current = invocation
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = _one_line(invocation.client_context)
        return Reply(HTTPStatus.OK, headers, invocation.payload)

    def invocation_response(self, request_id: str, body: bytes) -> Reply:
        """Accept the function's answer unless it is larger than Invoke allows."""
        if len(body) <= errors.MAX_RESPONSE_BYTES:
            return self._take(request_id, Answer(body, is_error=False))
        reply = self._take(request_id, Answer(errors.response_too_large(), is_error=True))
        if reply is not ACCEPTED:
            return reply
        message = f"Exceeded maximum allowed payload size ({errors.MAX_RESPONSE_BYTES} bytes)."
        return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", message)

    def invocation_stream(self, request_id: str, content_type: str) -> StreamedResponse | Reply:
        """Accept a response that the runtime streams. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming."""
        if self._current is None or self._current.request_id != request_id or self._answer.done():
            return _invalid_request_id()
        stream = self._current.stream
        if stream:
            stream.begin_streaming(content_type)
        self._current = None
        self._streamed = StreamedResponse(self._answer, stream)
        return self._streamed

    async def read_rest(self) -> None:
        """Wait for the rest of a response that an ended runtime was streaming."""
        if self._streamed:
            await asyncio.wait({self._streamed.ended}, timeout=_REST_SECONDS)

    def invocation_error(self, request_id: str, body: bytes) -> Reply:
        """Accept the function's exception, like an answer."""
        if len(body) > errors.MAX_RESPONSE_BYTES:
            return self.invocation_response(request_id, body)
        return self._take(request_id, Answer(body, is_error=True))

    def init_error(self, body: bytes) -> Reply:
        """Accept the error of a runtime that could not load the function. The caller gets its document."""
        if self.initialized.done():
            return refusal(HTTPStatus.FORBIDDEN, "InvalidStateTransition", "the initialization is over")
        if len(body) > errors.MAX_RESPONSE_BYTES:
            body = errors.response_too_large()
        self.initialized.set_result(Failure("error", errors.type_of(body), lambda _request_id: body))
        return ACCEPTED

    def _take(self, request_id: str, answer: Answer) -> Reply:
        if self._current is None or self._current.request_id != request_id or self._answer.done():
            return _invalid_request_id()
        self._answer.set_result(answer)
        self._current = None  # otherwise a late answer to this event would count for the next one
        return ACCEPTED


def _one_line(client_context: str) -> str:
    """Return the client context as a header value. JSON may contain line breaks between elements, a header may not."""
    try:
        return json.dumps(json.loads(client_context), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        return " ".join(client_context.split())


def _invalid_request_id() -> Reply:
    return refusal(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
