"""Connections on which some requests are served fast: in pieces, at once, over TLS, while another one waits."""

import http.client
import json
import socket
import ssl
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.credentials import Credentials
from localstack.http import Response
from rolo.serving.twisted import HeaderPreservingHTTPChannel

from pipeline_emulator.gateway import hooks
from pipeline_emulator.gateway.fast import channel
from pipeline_emulator.gateway.fast.channel import FastHTTPChannel
from pipeline_emulator.gateway.fast.received import pieces

pytestmark = pytest.mark.local_only

STREAM = f"connections-{uuid.uuid4().hex[:8]}"
BODY = json.dumps({"StreamName": STREAM, "Data": "aGk=", "PartitionKey": "k"}).encode()


@pytest.fixture(scope="module", autouse=True)
def stream(localstack: Any) -> Iterator[None]:
    kinesis = localstack.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    yield
    kinesis.delete_stream(StreamName=STREAM)


def _bytes(headers: Mapping[str, str], body: bytes, target: str = "/") -> bytes:
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _answers(link: socket.socket, count: int) -> list[tuple[int, bytes]]:
    found = []
    with link.makefile("rb") as stream:
        for _ in range(count):
            status = int(stream.readline().split()[1])
            headers = http.client.parse_headers(stream)
            found.append((status, stream.read(int(headers["Content-Length"]))))
    return found


@pytest.fixture
def link(sender: Any) -> Iterator[socket.socket]:
    host, _, port = sender.authority.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def test_a_request_may_arrive_in_pieces(sender: Any, link: socket.socket) -> None:
    for byte in _bytes(sender.signed("PutRecord", BODY), BODY):
        link.sendall(bytes([byte]))
    [(status, content)] = _answers(link, 1)
    assert (status, "SequenceNumber" in json.loads(content)) == (200, True)


def test_requests_that_do_not_wait_are_answered_in_their_order(sender: Any, link: socket.socket) -> None:
    records = json.dumps({"StreamName": STREAM, "Records": [{"Data": "aGk=", "PartitionKey": "k"}]}).encode()
    put, many = sender.signed("PutRecord", BODY), sender.signed("PutRecords", records)
    link.sendall(
        _bytes(put, BODY) + _bytes({**many, "X-Usual-Way": "1"}, records) + _bytes(many, records) + _bytes(put, BODY)
    )
    kinds = [(status, "FailedRecordCount" in json.loads(content)) for status, content in _answers(link, 4)]
    assert kinds == [(200, False), (200, True), (200, True), (200, False)]


def test_what_only_begins_like_such_a_request_takes_the_usual_way(link: socket.socket) -> None:
    link.sendall(b"POST / HT")
    link.sendall(b"TP/9.9\r\n\r\n")
    assert link.recv(100).startswith(b"HTTP/1.1 400")


def test_a_request_that_may_have_to_wait_leaves_the_thread_of_all_connections(
    monkeypatch: pytest.MonkeyPatch, sender: Any
) -> None:
    served: list[Any] = []
    monkeypatch.setattr(hooks, "may_wait", lambda: True)
    usual = Mock()
    monkeypatch.setattr(HeaderPreservingHTTPChannel, "dataReceived", usual)
    request = _bytes(sender.signed("PutRecord", BODY), BODY)
    channel = FastHTTPChannel(served.append)  # type: ignore[arg-type]
    channel.dataReceived(request[:50])
    channel.dataReceived(request[50:])
    usual.assert_called_once_with(request)
    assert not served


def test_tls_on_the_same_port(sender: Any) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = sender.authority.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as plain, context.wrap_socket(plain) as link:
        link.sendall(_bytes(sender.signed("PutRecord", BODY), BODY))
        assert _answers(link, 1)[0][0] == 200


@pytest.fixture
def slow(
    create_function: Callable[..., Any], sender: Any, users: Mapping[str, Credentials]
) -> Callable[[float], bytes]:
    """Return a function that returns the bytes of an invocation that takes some seconds."""
    function = create_function("""
        import time

        def handler(seconds, context):
            time.sleep(seconds)
            return "slept"
    """)

    def invocation(seconds: float) -> bytes:
        target, body = f"/2015-03-31/functions/{function.name}/invocations", str(seconds).encode()
        # While functions run, the root user's requests are refused once the client has gone: it could be one of them.
        return _bytes(sender.signed_for("lambda", target, {}, body, who=users["able"]), body, target)

    return invocation


def test_other_connections_are_served_while_a_function_runs(
    slow: Callable[[float], bytes], sender: Any, link: socket.socket
) -> None:
    link.sendall(slow(3))
    for _ in range(3):
        assert sender.send(sender.signed("PutRecord", BODY), BODY)[0] == 200
    link.setblocking(False)
    with pytest.raises(BlockingIOError):
        link.recv(1)
    link.settimeout(60)
    assert _answers(link, 1) == [(200, b'"slept"')]


def test_what_follows_an_invocation_is_answered_after_it(
    slow: Callable[[float], bytes], sender: Any, link: socket.socket
) -> None:
    link.sendall(slow(1))
    for following in (_bytes(sender.signed("PutRecord", BODY), BODY), slow(0)):
        link.sendall(following)
    first, put, last = _answers(link, 3)
    assert (first, put[0], last) == ((200, b'"slept"'), 200, (200, b'"slept"'))


def test_a_function_finishes_for_a_client_that_has_gone(
    slow: Callable[[float], bytes], sender: Any, localstack: Any, eventually: Callable[..., Any]
) -> None:
    """Also if the client has gone before a thread begins with the request."""
    host, _, port = sender.authority.partition(":")
    before, clients = localstack.log().count("AWS lambda.Invoke => 200"), 12
    for _ in range(clients):
        with socket.create_connection((host, int(port)), timeout=60) as link:
            link.sendall(slow(0))
    ended = before + clients
    eventually(lambda: localstack.log().count("AWS lambda.Invoke => 200") >= ended, "the invocations have ended", 60)
    assert sender.send(sender.signed("PutRecord", BODY), BODY)[0] == 200
    assert "Could not serve" not in localstack.log()


class _Threads:
    """A reactor whose threads are real, and that acts at once."""

    def getThreadPool(self) -> Any:
        return self

    def callInThread(self, act: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=act, args=arguments).start()

    def callFromThread(self, act: Callable[..., None], *arguments: Any) -> None:
        act(*arguments)


class _Transport:
    """Keeps what is written to it."""

    def __init__(self) -> None:
        self.written, self.is_paused = b"", False

    def write(self, data: bytes) -> None:
        self.written += data

    def pauseProducing(self) -> None:
        self.is_paused = True

    getPeer = getHost = registerProducer = Mock()


def test_a_streamed_response_ends_with_its_connection(
    monkeypatch: pytest.MonkeyPatch, sender: Any, eventually: Callable[..., Any]
) -> None:
    # GIVEN a subscription that sends an event now and one later
    later, closed = threading.Event(), threading.Event()

    def events() -> Iterator[bytes]:
        try:
            yield b"first"
            assert later.wait(30)
            yield b"second"
            yield b"third"
        finally:
            closed.set()

    monkeypatch.setattr(channel, "reactor", _Threads())
    transport = _Transport()
    connection = FastHTTPChannel(lambda received: pieces(Response(events()), received.environ()))
    connection.timeOut = idle = 60
    connection.makeConnection(transport)
    connection._networkProducer = transport
    # WHEN the client sends more, and leaves
    connection.dataReceived(_bytes(sender.signed("SubscribeToShard", BODY), BODY))
    eventually(lambda: transport.written.endswith(b"\r\n5\r\nfirst\r\n"), "the first event is sent")
    assert b"Transfer-Encoding: chunked" in transport.written
    connection.dataReceived(b"x" * 100_000)
    # THEN it has no time limit, is not read from any more, and the rest is not produced
    assert (connection.timeOut, connection._savedTimeOut, transport.is_paused) == (None, idle, True)
    connection.connectionLost(None)
    later.set()
    assert closed.wait(30)
    assert b"second" not in transport.written
