"""The parts of the executors that do not need a running LocalStack."""

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from pipeline_emulator.gateway.sockets import Connection
from pipeline_emulator.lambda_runtime import code_folders, errors, event_loop, isolation, log_delivery, process, reports
from pipeline_emulator.lambda_runtime.invocation import Invocation
from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog, LogEvent, batches
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.process import ProcessRuntime
from pipeline_emulator.lambda_runtime.runtime import RuntimeStartError
from pipeline_emulator.lambda_runtime.runtime_api import Reply, RuntimeApiServer
from pipeline_emulator.lambda_runtime.session import Session
from pipeline_emulator.sandbox.__main__ import Supervisor
from pipeline_emulator.sandbox.protocol import Isolation, Specification

pytestmark = pytest.mark.local_only


def test_report_line() -> None:
    report = reports.Report("id", 1.234, 128, 31 * 2**20 - 1, init_ms=80.0, trace=("1-a", "b"))

    assert report.line() == (
        "REPORT RequestId: id\tDuration: 1.23 ms\tBilled Duration: 82 ms\tMemory Size: 128 MB\tMax Memory Used: 31 MB"
        "\tInit Duration: 80.00 ms\t\nXRAY TraceId: 1-a\tSegmentId: b\tSampled: true\t\n"
    )


def test_report_line_of_a_crash() -> None:
    report = reports.Report("id", 10, 128, 200 * 2**20, status="error", error_type="Runtime.ExitError")

    assert report.line() == (
        "REPORT RequestId: id\tDuration: 10.00 ms\tBilled Duration: 10 ms\tMemory Size: 128 MB\tMax Memory Used: 128 MB"
        "\tStatus: error\tError Type: Runtime.ExitError\t\n"
    )


@pytest.mark.parametrize(
    ("header", "expected"), [("Root=1;Parent=2;Sampled=1", ("1", "2")), ("Root=1;Sampled=0", None)]
)
def test_sampled_traces(header: str, expected: tuple[str, str] | None) -> None:
    assert reports.sampled(header) == expected


def test_error_of_a_signal() -> None:
    assert errors.exited("id", -9) == (
        b'{"errorType": "Runtime.ExitError", '
        b'"errorMessage": "RequestId: id Error: Runtime exited with error: signal: killed"}'
    )


def test_batches_keep_order_and_limits() -> None:
    events = [LogEvent(2, "x" * 600_000), LogEvent(1, "first"), LogEvent(3, "y" * 600_000)]
    many = [LogEvent(1, "z")] * 10_001

    assert [[event.timestamp for event in batch] for batch in batches(events)] == [[1, 2], [3]]
    assert [len(batch) for batch in batches(many)] == [10_000, 1]


def frame(message: bytes, microseconds: int) -> bytes:
    return struct.pack(">IIQ", 0xA55A0003, len(message), microseconds) + message


def test_lines_and_frames_become_messages() -> None:
    messages: list[tuple[int, str]] = []

    async def write() -> None:
        output = Output(lambda timestamp, message: messages.append((timestamp, message)))
        both = frame("ü\n2nd line\n".encode(), 5_000) + frame(b"next", 6_999)
        os.write(output.frames_fd, both[:20])
        output.drain()
        os.write(output.frames_fd, both[20:])
        os.write(output.pipe.write_fd, b"one\ntwo\n\xffopen")
        output.drain()
        output.close()

    asyncio.run(write())

    assert messages[:2] == [(5, "ü\n2nd line\n"), (6, "next")]
    assert [message for _, message in messages[2:]] == ["one\n", "two\n", "\ufffdopen"]


def messages_of(*written: bytes, forget: bool = False) -> list[str]:
    """Return the messages of several writes to a pipe; each is read before the next one."""
    messages: list[str] = []

    async def write() -> None:
        output = Output(lambda _timestamp, message: messages.append(message))
        for one in written:
            os.write(output.frames_fd, one)
            await asyncio.sleep(0.02)
            if forget:
                output.forget()
        output.drain()
        output.close()

    asyncio.run(write())
    return messages


def test_text_and_frames_of_one_pipe_stay_in_order() -> None:
    parts = struct.pack(">IIQ", 0xA55A0083, 2, 9_000) + b"pa", frame(b"rts", 9_000)
    everything = (
        b"one\n"
        + frame(b"two", 1_000)
        + "thr\u00e5e\nfour ".encode()
        + parts[0]
        + b"still four\n"
        + parts[1]
        + "\u00e5".encode()
    )
    expected = ["one\n", "two", "thr\u00e5e\n", "four still four\n", "parts", "\u00e5"]
    assert messages_of(everything) == expected
    for size in (1, 3, 7):
        assert messages_of(*(everything[at : at + size] for at in range(0, len(everything), size))) == expected


@pytest.mark.parametrize("length", [3, 15, 18])
def test_a_frame_whose_writer_was_killed_is_forgotten(length: int) -> None:
    killed = frame(b"killed", 1_000)[:length]
    found = messages_of(b"before\n" + killed, b"after\n" + frame(b"frame", 2_000), forget=True)
    assert [one for one in found if "\ufffd" not in one][-2:] == ["after\n", "frame"]


async def anybody(_connection: Connection) -> bool:
    return True


def test_a_frame_of_four_gibibytes_is_taken_in_pieces() -> None:
    sizes: list[int] = []

    async def write() -> None:
        output = Output(lambda _timestamp, message: sizes.append(len(message)))
        piece = 16 * 1024
        os.write(output.frames_fd, struct.pack(">IIQ", 0xA55A0003, 2**32 - 1, 1_000))
        for _ in range(100):
            os.write(output.frames_fd, b"x" * piece)
            output.drain()
        assert sum(sizes) > 99 * piece - 256 * 1024
        assert max(sizes) == 256 * 1024
        output.close()

    asyncio.run(write())


def test_specification_is_decoded_as_encoded() -> None:
    specification = Specification(Isolation.USER_NAMESPACES, ["python"], {"A": "\n"}, "/", [["/x", "/y"]], 1, 2)

    assert vars(Specification.decode(specification.encode().strip())) == vars(specification)
    assert specification.encode().count(b"\n") == 1


def specification(kind: Isolation = Isolation.PROCESS_GROUP) -> Specification:
    return Specification(kind, ["/bin/true"], {}, "/", [], 2**20, 2**30)


def test_function_that_never_stops_writing_does_not_block_the_loop() -> None:
    written = threading.Event()

    async def write() -> None:
        output = Output(lambda timestamp, message: written.set())
        writer = await asyncio.create_subprocess_exec("yes", "y", stdout=output.pipe.write_fd)
        try:
            while not written.is_set():
                await asyncio.sleep(0)
            for _ in range(10):
                await asyncio.sleep(0.01)
            output.drain()
        finally:
            writer.kill()
            await writer.wait()
            output.close()

    thread = threading.Thread(target=asyncio.run, args=(write(),), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


class Logs:
    """A client of CloudWatch Logs that blocks until it is `open`."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.messages: list[str] = []
        self.calls = 0
        self.exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)

    def put_log_events(self, logEvents: list[dict[str, Any]], **_: Any) -> None:
        assert self.open.wait(10)
        self.calls += 1
        self.messages += [event["message"] for event in logEvents]


def test_messages_that_come_too_fast_are_dropped_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Any]
) -> None:
    monkeypatch.setattr(log_delivery, "_MAX_WAITING_BYTES", 10 * (log_delivery._OBJECT_BYTES + 1))
    logs = Logs()
    log = FunctionLog("group", "stream", lambda: logs)
    for _ in range(30):
        log.add(1, "x")
    log.add_now("REPORT")
    logs.open.set()
    log.close()
    eventually(lambda: any("dropped" in message for message in logs.messages), "the log says so")
    assert logs.messages.count("x") == 10
    assert "REPORT" in logs.messages
    assert [message for message in logs.messages if "20 log messages were dropped" in message]


def test_delivery_does_not_wait_for_a_pause(monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Any]) -> None:
    monkeypatch.setattr(log_delivery, "_LINGER_SECONDS", 0.0)
    logs = Logs()
    log = FunctionLog("group", "stream", lambda: logs)
    for _ in range(10):
        log.add(1, "x")
    logs.open.set()
    log.close()
    eventually(lambda: len(logs.messages) == 10, "everything is delivered")
    assert logs.calls > 1


def invocation(request_id: str, client_context: str | None = None) -> Invocation:
    return Invocation(request_id, "arn", b"{}", "trace", client_context)


def test_late_answer_does_not_count_for_the_next_event() -> None:
    async def talk() -> tuple[HTTPStatus, bool]:
        session = Session()
        session.offer(invocation("first"), 1)
        await session.next_invocation()
        session.invocation_response("first", b"1")
        answer = session.offer(invocation("second"), 1)
        return session.invocation_response("first", b"again").status, answer.done()

    assert asyncio.run(talk()) == (HTTPStatus.BAD_REQUEST, False)


async def get(server: RuntimeApiServer, host_header: str = "", more: str = "") -> bytes:
    await server.start()
    host, _, port = server.address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = f"Host: {host_header or server.address}\r\nConnection: close\r\n{more}\r\n"
    writer.write(f"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n{headers}".encode())
    try:
        return await asyncio.wait_for(reader.read(), 5)
    finally:
        writer.close()
        server.stop()


@pytest.mark.parametrize("context", [json.dumps({"k": "ü €"}, indent=1, ensure_ascii=False), "no\nJSON"])
def test_any_client_context_fits_into_a_header(context: str) -> None:
    async def talk() -> bytes:
        session = Session()
        session.offer(invocation("id", context), 1)
        return await get(RuntimeApiServer(session, anybody))

    answer = asyncio.run(talk())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'{"k":"\xc3\xbc \xe2\x82\xac"}' in answer or b": no JSON\r\n" in answer


@pytest.mark.parametrize(
    ("host", "more"),
    [
        ("evil.example", ""),
        ("127.0.0.1", ""),
        ("", "Origin: null\r\n"),
        ("", "Sec-Fetch-Site: cross-site\r\n"),
        ("", "Sec-Fetch-Site: same-origin\r\n"),
    ],
)
def test_page_in_a_browser_gets_no_event(host: str, more: str) -> None:
    async def talk() -> bytes:
        session = Session()
        session.offer(invocation("id", "{}"), 1)
        return await get(RuntimeApiServer(session, anybody), host, more)

    assert asyncio.run(talk()).startswith(b"HTTP/1.1 403 ")


class Broken:
    """A Runtime API whose event cannot be sent."""

    async def next_invocation(self) -> Reply:
        return Reply(HTTPStatus.OK, {"Name": "line\nbreak"})


def test_response_that_cannot_be_sent_becomes_an_internal_server_error() -> None:
    async def talk() -> bytes:
        return await get(RuntimeApiServer(Broken(), anybody))  # type: ignore[arg-type]

    assert asyncio.run(talk()).startswith(b"HTTP/1.1 500 ")


@pytest.fixture
def many_descriptors() -> Iterator[None]:
    """Allows descriptors above 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this machine allows no descriptors above 1023")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_sandbox_serves_descriptors_above_1023(many_descriptors: None) -> None:
    import fcntl

    ours, theirs = socket.socketpair()
    with theirs:
        control = fcntl.fcntl(theirs, fcntl.F_DUPFD, 1500)
    ours.close()
    Supervisor(control, specification()).serve(b"rest\n")  # returns because the other end is closed
    os.close(control)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_close_during_a_start_leaves_no_sandbox_behind(turns: int, eventually: Callable[..., Any]) -> None:
    async def start_and_close() -> None:
        output = Output(lambda timestamp, message: None)
        runtime = ProcessRuntime(specification(), output, lambda: None)
        start = asyncio.create_task(runtime.start("127.0.0.1:1"))
        for _ in range(turns):
            await asyncio.sleep(0)
        await runtime.close()
        with pytest.raises(RuntimeStartError):
            await start
        output.close()

    asyncio.run(start_and_close())

    def sandboxes() -> list[psutil.Process]:
        return [
            child
            for child in psutil.Process().children()
            if child.status() != psutil.STATUS_ZOMBIE and "pipeline_emulator.sandbox" in child.cmdline()
        ]

    eventually(lambda: not sandboxes(), "the sandbox ends")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have only one isolation")
@pytest.mark.parametrize(
    ("user", "refusals", "expected", "level"),
    [
        (0, 1, Isolation.NAMESPACES, logging.INFO),
        (1000, 1, Isolation.USER_NAMESPACES, logging.INFO),
        (0, 2, Isolation.PROCESS_GROUP, logging.WARNING),
        (1000, 2, Isolation.PROCESS_GROUP, logging.WARNING),
    ],
)
def test_isolation_weakens_only_after_a_second_refusal_and_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    user: int,
    refusals: int,
    expected: Isolation,
    level: int,
) -> None:
    answers = iter([f"{expected}: why"] * refusals)
    monkeypatch.delenv(isolation.VARIABLE, raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(isolation, "probe", lambda _level: next(answers, None))
    monkeypatch.setattr(event_loop, "run", lambda answer: answer)
    caplog.set_level(logging.INFO)
    assert isolation._find.__wrapped__()[0] is expected
    assert [entry.levelno for entry in caplog.records] == [level]
    assert len(caplog.messages[0].splitlines()) == 1
    assert f"Lambda isolation: {expected} (" in caplog.text
    assert level == logging.INFO or "; process group: why" in caplog.text


@pytest.mark.parametrize("name", ["namespaces", "user-namespaces"])
def test_root_has_no_functions_in_user_namespaces_alone(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """They would be root outside them."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert isolation.candidates(name) == [Isolation.NAMESPACES]
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert isolation.candidates(name) == [Isolation.USER_NAMESPACES]


def test_probe_that_takes_too_long_returns_that_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_PROBE_SECONDS", 0.0)
    assert "within 0 s" in (asyncio.run(process.probe(Isolation.PROCESS_GROUP)) or "")


def test_environments_that_start_at_the_same_time_share_one_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """This happens if a mapping finds records in two shards at its start. Otherwise answers wake nobody."""
    both = threading.Barrier(2)
    new_event_loop = asyncio.new_event_loop

    def slowly() -> asyncio.AbstractEventLoop:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(1.0)  # for the other thread, in case it creates one, too
        return new_event_loop()

    async def running() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    monkeypatch.setattr(asyncio, "new_event_loop", slowly)
    event_loop._started.cache_clear()
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: event_loop.run(running()), range(2))
    assert first is second


def test_read_only_folders_can_be_removed(tmp_path: Path) -> None:
    folder = tmp_path / "lambda-runtime"
    (folder / "code" / "package").mkdir(parents=True)
    (folder / "code" / "package" / "module.py").touch()
    code_folders.set_writable(folder, writable=False)
    child = os.fork()
    if child == 0:  # as an ordinary user, because root can remove everything
        try:
            if os.getuid() == 0:
                for path in (tmp_path, folder, *folder.rglob("*")):
                    os.chown(path, 65534, 65534)
                os.chdir(tmp_path)
                os.setuid(65534)
            code_folders.remove(Path("lambda-runtime") if Path.cwd() == tmp_path else folder)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert not folder.exists()
    code_folders.remove(folder)  # before the first start, there is none
