"""What the caller gets and the log says when a function fails, in AWS's words."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_exception(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context):\n    raise ValueError('no such store')")

    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert (answer.payload["errorType"], answer.payload["errorMessage"]) == ("ValueError", "no such store")
    assert answer.payload["stackTrace"]
    assert "[ERROR] ValueError: no such store" in answer.log


def test_timeout(create_function: Callable[..., Any]) -> None:
    function = create_function(
        """
        import time
        count = 0

        def handler(event, context):
            global count
            count += 1
            time.sleep(event)
            return count
        """,
        Timeout=1,
    )
    assert function.invoke(0).payload == 1

    answer = function.invoke(30)

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert re.fullmatch(
        r"RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds", answer.payload["errorMessage"]
    )
    duration = re.search(r"\tDuration: ([0-9.]+) ms\t.*\tStatus: timeout\t", answer.log)
    assert duration is not None
    assert 1000 <= float(duration[1]) < 1500
    assert function.invoke(0).payload == 1  # in a new runtime


@pytest.mark.variants
@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("os._exit(1)", "Runtime exited with error: exit status 1"),
        ("sys.exit(7)", "Runtime exited with error: exit status 7"),
        ("os._exit(0)", "Runtime exited without providing a reason"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "Runtime exited with error: signal: killed"),
        ("ctypes.string_at(0)", "Runtime exited with error: signal: segmentation fault"),
    ],
)
def test_end_of_the_runtime(create_function: Callable[..., Any], source: str, how: str) -> None:
    function = create_function(
        f"""
        import ctypes, os, signal, sys

        def handler(event, context):
            print("before the end")
            if event:
                {source}
            return "alive"
        """
    )

    answer = function.invoke(1)

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert re.fullmatch(rf"RequestId: [0-9a-f-]{{36}} Error: {how}", answer.payload["errorMessage"])
    assert "before the end" in answer.log
    assert "\tStatus: error\tError Type: Runtime.ExitError\t" in answer.log
    assert function.invoke(0).payload == "alive"


def test_response_that_is_too_large(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context):\n    return 'x' * event")

    answer = function.invoke(6_300_000)

    assert answer.payload == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
    }
    assert len(function.invoke(6_000_000).payload) == 6_000_000


@pytest.mark.variants
@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        ("import numpi", "function.handler", "Runtime.ImportModuleError", "No module named 'numpi'"),
        ("", "function.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'function'"),
        ("", "handler", "Runtime.MalformedHandlerName", "Bad handler 'handler'"),
        ("def", "function.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'function'"),
        (
            "raise RuntimeError('no model in s3://models/1/abc/')",
            "function.handler",
            "RuntimeError",
            "no model in s3://models/1/abc/",
        ),
    ],
)
def test_failed_initialization(
    create_function: Callable[..., Any],
    eventually: Callable[..., Any],
    source: str,
    handler: str,
    error_type: str,
    message: str,
) -> None:
    function = create_function(source, Handler=handler)

    answer = function.invoke()

    assert answer.error == "Unhandled"
    assert answer.payload["errorType"] == error_type
    assert message in answer.payload["errorMessage"]
    assert message in answer.log
    log = eventually(lambda: function.log_events()[6:] and function.log_events(), "the log is delivered")
    # once in the environment's initialization and once with the event, as on AWS
    assert sum(message in line for line in log) == 2
    reports = [line for line in log if line.startswith("INIT_REPORT ")]
    assert [re.sub(r"[0-9.]+", "N", line, count=1) for line in reports] == [
        f"INIT_REPORT Init Duration: N ms\tPhase: {phase}\tStatus: error\tError Type: {error_type}\n"
        for phase in ("init", "invoke")
    ]


def test_exit_during_the_initialization(create_function: Callable[..., Any]) -> None:
    answer = create_function("import sys\nsys.exit(5)").invoke()

    assert answer.payload["errorType"] == "Runtime.ExitError"
    assert answer.payload["errorMessage"].endswith("Error: Runtime exited with error: exit status 5")


def test_failed_initialization_is_repeated_with_the_next_event(
    create_function: Callable[..., Any], create_bucket: Callable[[], str]
) -> None:
    # GIVEN a function whose model does not exist yet
    bucket = create_bucket()
    function = create_function(
        """
        import os, boto3
        boto3.client("s3").head_object(Bucket=os.environ["BUCKET"], Key="model")

        def handler(event, context):
            return "model loaded"
        """,
        Environment={"Variables": {"BUCKET": bucket}},
    )
    assert function.invoke().error == "Unhandled"

    function.localstack.client("s3").put_object(Bucket=bucket, Key="model", Body=b"")

    assert function.invoke().payload == "model loaded"


@pytest.mark.long_proof
def test_hanging_initialization_ends_at_the_functions_timeout(create_function: Callable[..., Any]) -> None:
    # GIVEN an initialization that exceeds the 10 seconds AWS allows, and then the function's timeout
    answer = create_function("import time\ntime.sleep(60)", Timeout=1).invoke()

    assert answer.payload["errorType"] == "Sandbox.Timedout"
    assert "Phase: invoke\tStatus: timeout" in answer.log
