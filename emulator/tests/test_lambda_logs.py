"""A function's log in CloudWatch Logs."""

import contextlib
import re
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.log_delivery import FunctionLog

pytestmark = pytest.mark.local_only

TALKER = """
    import logging, sys
    print("during init")

    def handler(event, context):
        print("standard output")
        print("standard error", file=sys.stderr)
        logging.getLogger().warning("two\\nlines")
        if event:
            sys.stdout.write("without an end" + "!" * event)
"""


def test_log_of_a_cold_and_a_warm_invocation(
    create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    function = create_function(TALKER)

    tails = [function.invoke().log, function.invoke().log]
    log = eventually(lambda: len(events := function.log_events()) >= 14 and events, "the log is delivered")

    id_, number = "[0-9a-f-]{36}", r"\d+\.\d\d"
    report = rf"REPORT RequestId: {id_}\tDuration: {number} ms\tBilled Duration: \d+ ms\t"
    report += r"Memory Size: 256 MB\tMax Memory Used: \d+ MB\t"
    own = {
        "standard output\n",
        "standard error\n",
    }
    assert re.fullmatch(r"INIT_START Runtime Version: python:3.13\tRuntime Version ARN: arn:aws:lambda:.*\n", log[0])
    assert log[1] == "during init\n"
    for start, last in ((2, rf"{report}Init Duration: {number} ms\t\n"), (8, rf"{report}\n")):
        first, *middle, end, final = log[start : start + 6]
        assert re.fullmatch(rf"START RequestId: {id_} Version: \$LATEST\n", first)
        assert own < set(middle)
        assert any(re.fullmatch(rf"\[WARNING\]\t\S+Z\t{id_}\ttwo\nlines\n", line) for line in middle)
        assert re.fullmatch(rf"END RequestId: {id_}\n", end)
        assert re.fullmatch(last, final)
        assert "".join(sorted([first, *middle, end, final])) == "".join(
            sorted(line for line in re.split(r"(?<=\n)(?!lines)", tails[0 if start == 2 else 1]) if line)
        )


def test_used_memory_is_measured(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context):\n    bytearray(event * 2**20)\n")

    small, large = (
        int(re.search(r"Max Memory Used: (\d+) MB", function.invoke(mib).log)[1])  # type: ignore[index]
        for mib in (0, 100)
    )

    assert 5 < small < 60
    assert 95 < large - small < 110


def test_tail_is_the_last_4_kilobytes(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context):\n    [print('x' * 99) for _ in range(1000)]")

    log = function.invoke().log

    assert len(log.encode()) == 4096
    assert "REPORT RequestId" in log


def test_log_is_delivered_while_the_function_runs(
    create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    function = create_function(
        """
        import time

        def handler(event, context):
            print("working")
            time.sleep(8)
        """
    )
    function.localstack.client("lambda").invoke(FunctionName=function.name, InvocationType="Event")

    eventually(lambda: "working\n" in function.log_events(), "the line appears", 7)

    assert not any(line.startswith("END") for line in function.log_events())


def test_no_line_is_lost_if_two_environments_create_the_log_group(
    localstack: Any, eventually: Callable[..., Any]
) -> None:
    logs, group, both = localstack.client("logs"), f"/both/{uuid.uuid4().hex[:8]}", threading.Barrier(2, timeout=30)

    def client() -> Any:
        made = localstack.client("logs")
        create = made.create_log_group
        made.create_log_group = lambda **request: (both.wait(), create(**request))
        return made

    for stream in "ab":
        log = FunctionLog(group, stream, client)
        log.add_now("worked\n")
        log.close()

    def lines() -> list[str]:
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            return [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        return []

    eventually(lambda: lines() == ["worked\n"] * 2, "both are there")


def test_xray_line_of_a_traced_function(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): pass", TracingConfig={"Mode": "Active"})

    log = function.invoke().log

    assert re.search(r"XRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true\t\n", log)


IN_ORDER = """
    import logging, os, subprocess, sys
    log = logging.getLogger()
    log.setLevel("INFO")

    def handler(event, context):
        for round in range(20):
            print("n", 6 * round)
            log.info("n %d", 6 * round + 1)
            sys.stderr.write(f"n {6 * round + 2}\\n")
            os.write(1, b"n %d\\n" % (6 * round + 3))
            log.info("n %d %s", 6 * round + 4, "x" * 3000)
            print("n ", end="")
            print(6 * round + 5, flush=True)
        subprocess.run(["/bin/sh", "-c", "echo n 120"])
        log.info("n 121")
        sys.stdout.buffer.write(b"n 122\\n")
        sys.stdout.buffer.flush()
        log.info("n 123")
        print("n 124", end="")
        return [sys.stdout.fileno(), sys.stderr.isatty()]
"""


def test_what_is_printed_and_what_is_logged_stay_in_order(
    localstack: Any, create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    """Descriptors 1 and 2 are pipes, as of any process: what a child process or native code writes is in order, too."""
    function, invocations = create_function(IN_ORDER), 5
    for _ in range(invocations):
        assert function.invoke().payload == [1, False]
    eventually(lambda: sum("REPORT" in line for line in function.log_events()) == invocations, "the log is delivered")
    numbers = [int(found) for line in function.log_events() for found in re.findall(r"\bn (\d+)", line)]
    assert numbers == [*range(125)] * invocations


THREADS = """
    import logging, threading
    logging.getLogger().setLevel("INFO")

    def handler(event, context):
        def log(letter):
            for _ in range(15):
                logging.info("begin" + letter * 20_000 + "end")
        def write(letter):
            for _ in range(500):
                print("begin" + letter * 100 + "end")
        work = ((log, "a"), (log, "b"), (write, "c"))
        threads = [threading.Thread(target=what, args=(letter,)) for what, letter in work]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
"""


def test_long_messages_of_threads_stay_whole(
    create_function: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    function = create_function(THREADS)
    function.invoke()
    eventually(lambda: any("REPORT" in line for line in function.log_events()), "the log is delivered")
    found = function.log_events()
    for letter in "ab":
        assert sum(f"begin{letter * 20_000}end\n" in line for line in found) == 15
    assert sum(line.count("begin" + "c" * 100 + "end") for line in found) == 500
