"""The parts of the executor that need no LocalStack."""

import asyncio
import os
import struct

import pytest

from pipeline_emulator.lambda_runtime import errors, reports
from pipeline_emulator.lambda_runtime.log_delivery import LogEvent, batches
from pipeline_emulator.lambda_runtime.output import Output
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
        os.write(output.frames.write_fd, both[:20])
        output.drain()
        os.write(output.frames.write_fd, both[20:])
        os.write(output.lines.write_fd, b"one\ntwo\n\xffopen")
        output.drain()
        output.close()

    asyncio.run(write())

    assert messages[:2] == [(5, "ü\n2nd line\n"), (6, "next")]
    assert [message for _, message in messages[2:]] == ["one\n", "two\n", "\ufffdopen"]


def test_specification_over_the_wire() -> None:
    specification = Specification(Isolation.USER_NAMESPACES, ["python"], {"A": "\n"}, "/", ["/x"], 1, 2)

    assert vars(Specification.decode(specification.encode().strip())) == vars(specification)
    assert specification.encode().count(b"\n") == 1
