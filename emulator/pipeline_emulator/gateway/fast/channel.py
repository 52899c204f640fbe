"""The HTTP channel of a connection: takes the requests that can be served fast, and leaves all others to twisted's.

A request that waits for nothing is served in the reactor's thread. Handing it to another thread and its response back
takes longer than the request: the interpreter changes threads only every few milliseconds while another one computes.
"""

import logging
from collections.abc import Callable, Generator
from functools import cached_property
from typing import Any

from rolo.serving.twisted import HeaderPreservingHTTPChannel
from twisted.internet import reactor as installed_reactor

from pipeline_emulator.gateway import hooks
from pipeline_emulator.gateway.fast.received import Received
from pipeline_emulator.gateway.fast.request_head import END, MAX_HEAD_BYTES, Head, may_become_one, recognised

LOG = logging.getLogger(__name__)
Answer = Callable[[Received], Generator[bytes]]
_Channel: Any = HeaderPreservingHTTPChannel  # twisted has few types
reactor: Any = installed_reactor


class FastHTTPChannel(_Channel):  # type: ignore[misc]
    """Looks at each request of a connection before twisted does."""

    def __init__(self, answer: Answer) -> None:
        """Pass recognised requests to `answer`."""
        super().__init__()
        self._answer = answer
        self._held = bytearray()
        self._head: Head | None = None
        self._body_at = 0

    @cached_property
    def ends(self) -> tuple[Any, Any, bool]:
        """The addresses of client and server, and whether the connection is encrypted: they stay the same."""
        return self.transport.getPeer(), self.transport.getHost(), self.isSecure()

    def dataReceived(self, data: bytes) -> None:
        """Receive bytes. A request belongs to one of the two as a whole, and none is begun before the last ends."""
        if self._held or self._is_between_requests():
            self.resetTimeout()
            data = self._take(data)
        if data:
            super().dataReceived(data)

    def _is_between_requests(self) -> bool:
        return not self.requests and bool(self.line_mode and self.persistent) and not self._buffer

    def _take(self, data: bytes) -> bytes:
        """Hold bytes while they may be a request to serve fast; return all that are held if they are not."""
        held = self._held
        held += data
        if self._head is None and not self._is_recognised():
            return b"" if self._may_become_one() else self._given_back()
        head = self._head
        assert head is not None
        missing = self._body_at + head.length - len(held)
        if missing > 0:
            return b""
        if missing < 0 or (not head.waits and hooks.may_wait()):  # below 0, the client does not wait for the response
            return self._given_back()
        body = bytes(held[self._body_at :])
        self._given_back()
        self._serve(Received(self, head, body))
        return b""

    def _is_recognised(self) -> bool:
        end = self._held.find(END, 0, MAX_HEAD_BYTES)
        if end >= 0 and may_become_one(self._held):
            self._head, self._body_at = recognised(bytes(self._held[:end])), end + len(END)
        return self._head is not None

    def _may_become_one(self) -> bool:
        held = self._held
        return len(held) < MAX_HEAD_BYTES and may_become_one(held) and held.find(END) < 0

    def _given_back(self) -> bytes:
        data = bytes(self._held)
        self._held, self._head = bytearray(), None
        return data

    def _serve(self, request: Received) -> None:
        if request.head.waits:
            self._hold_others_back(request)
            reactor.getThreadPool().callInThread(self._respond, request, reactor.callFromThread)
        else:
            self._respond(request, lambda act, *arguments: act(*arguments))

    def _hold_others_back(self, request: Received) -> None:
        """Let twisted's channel keep what arrives until `requestDone`, as after a request of its own."""
        self.requests.append(request)
        self._savedTimeOut = self.setTimeout(None)
        self._handlingRequest = True
        self.setRawMode()

    def _respond(self, request: Received, in_reactor: Callable[..., None]) -> None:
        """Answer a request, and send the response in the reactor's thread as it comes."""
        response = None
        try:
            response = self._answer(request)
            for piece in response:
                if request.channel is None:
                    break
                in_reactor(self.transport.write, piece)
        except Exception:
            LOG.exception("Could not serve %s", request.head.operation)
            in_reactor(self.loseConnection)
        else:
            in_reactor(self._end, request)
        finally:
            if response:
                response.close()

    def _end(self, request: Received) -> None:
        if request.channel is not None and request in self.requests:  # not if it was answered in this thread
            self.requestDone(request)
