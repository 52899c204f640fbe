"""The documented Lambda Runtime API over HTTP/1.1, one listening port per execution environment.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. AWS_LAMBDA_RUNTIME_API holds a bare `host:port`
without a path, so each environment needs its own port. Every process in the network can find a port, so each connection
is checked: only the environment's own processes are answered.
"""

import asyncio
import contextlib
import dataclasses
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import h11

from pipeline_emulator.gateway.sockets import Connection
from pipeline_emulator.lambda_runtime import errors

LOG = logging.getLogger(__name__)

PREFIX = "/2018-06-01/runtime"
_READ_BYTES = 256 * 1024
# Trailers hold an error with its stack trace.
_HEADER_BYTES = 256 * 1024
_SENT_BY_BROWSERS = (b"origin", b"sec-fetch-site")
_RESPONSE_MODE, _DEFAULT_TYPE = b"lambda-runtime-function-response-mode", b"application/octet-stream"


@dataclasses.dataclass(frozen=True)
class Reply:
    """An HTTP response of the Runtime API."""

    status: HTTPStatus
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes = b""


ACCEPTED = Reply(HTTPStatus.ACCEPTED, {"Content-Type": "application/json"}, b'{"status":"OK"}')


def refusal(status: HTTPStatus, error_type: str, message: str) -> Reply:
    """Return an error response in the API's documented form."""
    body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return Reply(status, {"Content-Type": "application/json"}, body)


class Body(Protocol):
    """Receives the body of a request."""

    async def write(self, data: bytes) -> None:
        """Take the next part."""

    async def finish(self, trailers: Mapping[str, str]) -> Reply:
        """Answer the complete request."""

    def break_off(self) -> None:
        """Note that the connection has ended. Nothing changes if the request was complete."""


class RuntimeApi(Protocol):
    """Answers a runtime's requests."""

    async def next_invocation(self) -> Reply:
        """Wait for the next event and return it."""

    def invocation_response(self, request_id: str, body: bytes) -> Reply:
        """Accept the function's answer."""

    def invocation_stream(self, request_id: str, content_type: str) -> Body | Reply:
        """Accept an answer that the function streams, or refuse it."""

    def invocation_error(self, request_id: str, body: bytes) -> Reply:
        """Accept the function's exception."""

    def init_error(self, body: bytes) -> Reply:
        """Accept the error of a runtime that could not load the function."""


type Admission = Callable[[Connection], Awaitable[bool]]


class RuntimeApiServer:
    """Serves one `RuntimeApi` on a free port.

    Args:
        api: Answers the requests.
        admits: Whether a connection comes from the environment; others are closed.
        host: Address to listen on.
    """

    def __init__(self, api: RuntimeApi, admits: Admission, host: str = "127.0.0.1") -> None:
        self._api = api
        self._admits = admits
        self._host = host
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.address = ""

    async def start(self) -> None:
        """Start listening and set `address` to `host:port`."""
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        host, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"{host}:{port}"

    def drop_connections(self) -> None:
        """Drop the requests of a runtime that has ended."""
        for connection in self._connections:
            connection.cancel()

    def stop(self) -> None:
        """Stop listening."""
        self.drop_connections()
        if self._server:
            self._server.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
                if await self._admitted(writer):
                    await self._serve(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _admitted(self, writer: asyncio.StreamWriter) -> bool:
        addresses = [writer.get_extra_info(name)[:2] for name in ("peername", "sockname")]
        admitted = await self._admits(Connection(*addresses))
        if not admitted:
            LOG.warning(
                "Lambda Runtime API: refused a connection that is not its function's, from %s:%s", *addresses[0]
            )
        return admitted

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEADER_BYTES)
        body: Body | None = None
        try:
            while True:
                event = connection.next_event()
                if event is h11.NEED_DATA:
                    if connection.they_are_waiting_for_100_continue:
                        informational = h11.InformationalResponse(status_code=100, headers=[])
                        writer.write(connection.send(informational) or b"")
                    connection.receive_data(await reader.read(_READ_BYTES))
                elif isinstance(event, h11.Request):
                    body = self._body_of(event)
                elif isinstance(event, h11.Data) and body:
                    await body.write(bytes(event.data))
                elif isinstance(event, h11.EndOfMessage) and body:
                    reply = await body.finish({name.decode(): value.decode() for name, value in event.headers})
                    writer.write(_encode(connection, _head(reply), reply.body))
                    await writer.drain()
                    if connection.our_state is h11.MUST_CLOSE:
                        return
                    connection.start_next_cycle()
                else:  # the connection is closed
                    return
        finally:
            if body:
                body.break_off()

    def _body_of(self, request: h11.Request) -> Body:
        """Return what receives the body of a request."""
        headers = dict(request.headers)
        if self._is_from_a_page(headers):
            reply = refusal(HTTPStatus.FORBIDDEN, "Forbidden", "The Lambda Runtime API does not serve web pages")
            return _Refused(reply)
        method, target = request.method.decode(), request.target.decode()
        if headers.get(_RESPONSE_MODE, b"").lower() == b"streaming" and (request_id := _answered(method, target)):
            content_type = headers.get(b"content-type", _DEFAULT_TYPE).decode(errors="replace")
            accepted = self._api.invocation_stream(request_id, content_type)
            return _Refused(accepted) if isinstance(accepted, Reply) else accepted
        return _Buffered(lambda body: self._answer(method, target, body))

    async def _answer(self, method: str, target: str, body: bytes) -> Reply:
        """Return the response. If it cannot be created, the runtime gets an internal server error."""
        try:
            reply = await self._route(method, target, body)
            _head(reply)  # raises if a header cannot be sent
        except Exception as error:
            LOG.exception("Lambda Runtime API: %s %s", method, target)
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "InternalServerError", str(error))
        return reply

    def _is_from_a_page(self, headers: Mapping[bytes, bytes]) -> bool:
        """Return whether a browser may have sent a request: pages reach this port, too, also by DNS rebinding."""
        return headers.get(b"host") != self.address.encode() or not headers.keys().isdisjoint(_SENT_BY_BROWSERS)

    async def _route(self, method: str, target: str, body: bytes) -> Reply:
        match method, target.removeprefix(PREFIX).strip("/").split("/"):
            case "GET", ["invocation", "next"]:
                return await self._api.next_invocation()
            case "POST", ["invocation", request_id, "response"]:
                return self._api.invocation_response(request_id, body)
            case "POST", ["invocation", request_id, "error"]:
                return self._api.invocation_error(request_id, body)
            case "POST", ["init", "error"]:
                return self._api.init_error(body)
        return refusal(HTTPStatus.NOT_FOUND, "NotFound", f"{method} {target} is no request of the Lambda Runtime API")


class _Buffered:
    """Collects a body, and drops what is too large already."""

    def __init__(self, answer: Callable[[bytes], Awaitable[Reply]]) -> None:
        self._answer = answer
        self._content = bytearray()

    async def write(self, data: bytes) -> None:
        if len(self._content) <= errors.MAX_RESPONSE_BYTES:
            self._content += data

    async def finish(self, _trailers: Mapping[str, str]) -> Reply:
        return await self._answer(bytes(self._content))

    def break_off(self) -> None:
        pass


class _Refused:
    """Drops the body of a refused request."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def write(self, data: bytes) -> None:
        pass

    async def finish(self, _trailers: Mapping[str, str]) -> Reply:
        return self._reply

    def break_off(self) -> None:
        pass


def _answered(method: str, target: str) -> str | None:
    """Return the id of the invocation that a request answers, or None."""
    match method, target.removeprefix(PREFIX).strip("/").split("/"):
        case "POST", ["invocation", request_id, "response"]:
            return request_id
    return None


def _head(reply: Reply) -> h11.Response:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers.items()]
    headers.append((b"Content-Length", str(len(reply.body)).encode()))
    return h11.Response(status_code=reply.status.value, reason=reply.status.phrase, headers=headers)


def _encode(connection: h11.Connection, head: h11.Response, body: bytes) -> bytes:
    parts = [
        connection.send(head),
        connection.send(h11.Data(data=body)),
        connection.send(h11.EndOfMessage()),
    ]
    return b"".join(part for part in parts if part)
