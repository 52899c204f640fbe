"""A request that is served fast, and the bytes of its response."""

import io
from collections.abc import Generator
from typing import Any

from localstack.http import Response
from twisted.web.http import datetimeToString
from twisted.web.server import version

from pipeline_emulator.gateway import twisted_request
from pipeline_emulator.gateway.fast.request_head import END, Head

_date: Any = datetimeToString  # twisted has few types


class Received:
    """What the channel and others read of twisted's request.

    Attributes:
        head: of the request.
        body: its body.
        content: the same, to be read.
        channel: the channel of its connection; None once that has ended.
    """

    def __init__(self, channel: Any, head: Head, body: bytes) -> None:
        self.head = head
        self.body = body
        self.content = io.BytesIO(body)
        self.channel = channel
        self._client, self._server, self._secure = channel.ends

    def getClientAddress(self) -> Any:
        """Return the client's address, as twisted's request does, also when the connection has ended."""
        return self._client

    def getHost(self) -> Any:
        """Return the server's address, as twisted's request does."""
        return self._server

    def connectionLost(self, _reason: Any) -> None:
        """Note that nobody waits for the response any more. Twisted's channel calls it."""
        self.channel = None

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environment that twisted and rolo would make of the request."""
        head, client, server = self.head, self._client, self._server
        path, _, query = head.target.partition("?")
        headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in head.values.items()}
        return {
            **headers,
            "REQUEST_METHOD": "POST",
            "REMOTE_ADDR": client.host,
            "REMOTE_PORT": str(client.port),
            "SCRIPT_NAME": "",
            "PATH_INFO": path.replace("%3A", ":"),  # the only character that may be encoded
            "QUERY_STRING": query,
            "CONTENT_TYPE": head.values.get("content-type", ""),
            "CONTENT_LENGTH": head.values["content-length"],
            "SERVER_NAME": head.values["host"].rpartition(":")[0] or head.values["host"],
            "SERVER_PORT": str(server.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REQUEST_URI": head.target,
            "RAW_URI": head.target,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https" if self._secure else "http",
            "wsgi.input": io.BytesIO(self.body),
            "wsgi.input_terminated": True,
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "rolo.headers": head.headers,
            twisted_request.HEADERS: tuple(head.values.items()),
            twisted_request.KEY: self,
        }


def pieces(response: Response, environ: dict[str, Any]) -> Generator[bytes]:
    """Yield the bytes of a response: all at once, or as its body comes, in chunks, if its length is not known."""
    blocks, status, headers = response.get_wsgi_response(environ)
    lines = [f"HTTP/1.1 {status}".encode(), b"Server: " + version, b"Date: " + _date()]
    lines += [f"{name}: {value}".encode("latin-1") for name, value in headers]
    if "Content-Length" in response.headers or response.is_sequence:
        yield b"\r\n".join(lines) + END + b"".join(blocks)
        return
    yield b"\r\n".join([*lines, b"Transfer-Encoding: chunked"]) + END
    try:
        for block in filter(None, blocks):
            yield b"%x\r\n%b\r\n" % (len(block), block)
    finally:
        response.close()
    yield b"0" + END
