"""A response on its way from a function to one caller, who reads it while the function writes it."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from localstack.services.lambda_.invocation.lambda_models import InvocationResult

# A function that writes faster than its caller reads waits at this point: it may stream 200 MB.
_WAITING_BYTES = 1024 * 1024
# The longest block that a caller gets at once.
_BLOCK_BYTES = 256 * 1024


class ResponseStream:
    """A response that the event loop's thread writes and the caller's thread reads.

    Attributes:
        version: The executed version, known once the function runs.
        content_type: What the runtime says of its response.
        is_streamed: Whether the runtime streams it. Otherwise the whole response comes with the result.
    """

    def __init__(self) -> None:
        self.version: str | None = None
        self.content_type = "application/json"
        self.is_streamed = False
        self._changed = threading.Condition()
        self._blocks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._abandoned = False
        self._end: InvocationResult | Exception | None = None
        self._has_room: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def begin_streaming(self, content_type: str) -> None:
        """Note that the runtime streams its response."""
        self.content_type = content_type
        self.is_streamed = True

    async def write(self, data: bytes) -> None:
        """Pass on what the function has written. Waits while the caller is slower. Call it in the event loop."""
        if self._has_room is None:
            self._has_room = (asyncio.get_running_loop(), asyncio.Event())
        _, room = self._has_room
        with self._changed:
            if self._abandoned:
                return
            self._add(data)
            if self._waiting_bytes > _WAITING_BYTES:
                room.clear()
            else:
                room.set()
        await room.wait()

    def finish(self, end: InvocationResult | Exception) -> None:
        """End the stream with the invocation's result, or why there is none."""
        with self._changed:
            if isinstance(end, InvocationResult) and not end.is_error and not self.is_streamed:
                self._add(end.payload or b"")
            self._end = end
            self._changed.notify_all()

    def wait_for_beginning(self) -> None:
        """Wait until the function has written something, or has ended.

        Raises:
            Exception: what prevented the invocation.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._blocks or self._end)
        if isinstance(self._end, Exception):
            raise self._end

    def blocks(self) -> Iterator[bytes]:
        """Yield the response, and return after the end of the invocation."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._blocks or self._end)
                if not self._blocks:
                    return
                block = self._blocks.popleft()
                self._waiting_bytes -= len(block)
            self._make_room()
            yield block

    def result(self) -> InvocationResult:
        """Return the result of the ended invocation. Raises what prevented it."""
        if isinstance(self._end, InvocationResult):
            return self._end
        raise self._end or RuntimeError("the invocation has not ended")

    def has_failed(self) -> bool:
        """Return whether the invocation has ended with an error."""
        return self._end is not None and not (isinstance(self._end, InvocationResult) and not self._end.is_error)

    def abandon(self) -> None:
        """Drop the rest: the caller is gone. The function continues, as on AWS."""
        with self._changed:
            self._abandoned = True
            self._blocks.clear()
            self._waiting_bytes = 0
        self._make_room()

    def _add(self, data: bytes) -> None:
        view = memoryview(data)
        self._blocks.extend(bytes(view[at : at + _BLOCK_BYTES]) for at in range(0, len(data), _BLOCK_BYTES))
        self._waiting_bytes += len(data)
        self._changed.notify_all()

    def _make_room(self) -> None:
        if self._has_room and self._waiting_bytes <= _WAITING_BYTES:
            loop, room = self._has_room
            loop.call_soon_threadsafe(room.set)


# The stream of the invocation that this thread makes. Core passes no such thing to its executors.
CURRENT: ContextVar[ResponseStream | None] = ContextVar("response_stream", default=None)


def start(invoke: Callable[[], InvocationResult]) -> ResponseStream:
    """Start an invocation, and return its response as soon as it begins.

    Args:
        invoke: Makes the invocation, in a thread of its own, and returns its result.

    Raises:
        Exception: What `invoke` raises before the function runs.
    """
    stream = ResponseStream()

    def run() -> None:
        CURRENT.set(stream)
        try:
            stream.finish(invoke())
        except Exception as error:  # whatever it is, the caller's thread raises it
            stream.finish(error)

    threading.Thread(target=run, name="lambda-stream", daemon=True).start()
    stream.wait_for_beginning()
    return stream
