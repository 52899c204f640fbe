"""The HTTP channel of a connection: takes the requests that can be served fast, and leaves all others to twisted's.

A request is served in the reactor's thread. Handing it to another thread and its response back takes longer than the
request: the interpreter changes threads only every few milliseconds while another one computes.
"""

import io
import logging
from collections.abc import Callable
from typing import Any

from localstack.http import Response
from rolo.serving.twisted import HeaderPreservingHTTPChannel
from twisted.web.http import datetimeToString
from twisted.web.server import version

from pipeline_emulator.gateway import hooks, twisted_request
from pipeline_emulator.gateway.fast.request_head import END, MAX_HEAD_BYTES, REQUEST_LINE, Head, recognised

LOG = logging.getLogger(__name__)
Answer = Callable[[dict[str, Any]], Response]
_Channel: Any = HeaderPreservingHTTPChannel  # twisted has few types
_date: Any = datetimeToString


class FastHTTPChannel(_Channel):  # type: ignore[misc]
    """Looks at each request of a connection before twisted does."""

    def __init__(self, answer: Answer) -> None:
        """Pass recognised requests to `answer`."""
        super().__init__()
        self._answer = answer
        self._held = bytearray()
        self._head: Head | None = None
        self._body_at = 0

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
        if missing < 0 or hooks.may_wait():  # below 0, the client does not wait for the response
            return self._given_back()
        body = bytes(held[self._body_at :])
        self._given_back()
        self._serve(head, body)
        return b""

    def _is_recognised(self) -> bool:
        end = self._held.find(END, 0, MAX_HEAD_BYTES)
        if end >= 0 and self._held.startswith(REQUEST_LINE):
            self._head, self._body_at = recognised(bytes(self._held[:end])), end + len(END)
        return self._head is not None

    def _may_become_one(self) -> bool:
        held = self._held
        return REQUEST_LINE.startswith(held[: len(REQUEST_LINE)]) and len(held) < MAX_HEAD_BYTES and held.find(END) < 0

    def _given_back(self) -> bytes:
        data = bytes(self._held)
        self._held, self._head = bytearray(), None
        return data

    def _serve(self, head: Head, body: bytes) -> None:
        try:
            response = self._answer(_environ(self, head, body))
            content = response.get_data()
        except Exception:
            LOG.exception("Could not serve %s", head.operation)
            self.loseConnection()
            return
        lines = [f"HTTP/1.1 {response.status}".encode(), b"Server: " + version, b"Date: " + _date()]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in response.headers.items()]
        self.transport.write(b"\r\n".join(lines) + END + content)


class _Received:
    """What others read of twisted's request."""

    def __init__(self, channel: FastHTTPChannel, body: bytes) -> None:
        self.channel = channel
        self.content = io.BytesIO(body)

    def getClientAddress(self) -> Any:
        """Return the client's address, as twisted's request does."""
        return self.channel.transport.getPeer()

    def getHost(self) -> Any:
        """Return the server's address, as twisted's request does."""
        return self.channel.transport.getHost()


def _environ(channel: FastHTTPChannel, head: Head, body: bytes) -> dict[str, Any]:
    """Return the WSGI environment that twisted and rolo would make of the request."""
    request = _Received(channel, body)
    client, server = request.getClientAddress(), request.getHost()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in head.values.items()}
    return {
        **headers,
        "REQUEST_METHOD": "POST",
        "REMOTE_ADDR": client.host,
        "REMOTE_PORT": str(client.port),
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "CONTENT_TYPE": head.values["content-type"],
        "CONTENT_LENGTH": head.values["content-length"],
        "SERVER_NAME": head.values["host"].rpartition(":")[0] or head.values["host"],
        "SERVER_PORT": str(server.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_URI": "/",
        "RAW_URI": "/",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https" if channel.isSecure() else "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "rolo.headers": head.headers,
        twisted_request.KEY: request,
    }
