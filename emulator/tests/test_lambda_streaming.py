"""InvokeWithResponseStream: the caller reads what a function writes while it runs."""

import contextlib
import json
from base64 import b64decode
from collections.abc import Callable, Generator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

RUNTIME = Path(__file__).with_name("streaming_runtime.py").read_text()
WAIT_FOR_OBJECT = """
    import boto3, time

    def wait_for(bucket, key):
        s3 = boto3.client("s3")
        while s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 0:
            time.sleep(0.05)
"""
MIB = 2**20


@pytest.fixture
def create_streaming(create_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that creates a function from the body of `handle(event, stream)`."""

    def create(body: str, **arguments: Any) -> Any:
        lines = "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
        source = (
            f"import os, sys\nimport streaming_runtime\n{dedent(WAIT_FOR_OBJECT)}\n"
            f"def handle(event, stream):\n{lines}\n\nstreaming_runtime.serve(handle)\n"
        )
        return create_function(source, {"streaming_runtime.py": RUNTIME}, **arguments)

    return create


def invoke(function: Any, event: Any = None, **arguments: Any) -> dict[str, Any]:
    """Invoke a function with a response stream."""
    client = function.localstack.client("lambda")
    answer: dict[str, Any] = client.invoke_with_response_stream(
        FunctionName=function.name, Payload=json.dumps(event).encode(), **arguments
    )
    return answer


def chunks(answer: dict[str, Any]) -> Generator[bytes, None, dict[str, str]]:
    """Yield the chunks of a response, and return its completion."""
    with contextlib.closing(answer["EventStream"]) as events:
        for event in events:
            if "InvokeComplete" in event:
                return dict(event["InvokeComplete"])
            yield event["PayloadChunk"]["Payload"]
    raise AssertionError("the stream ends without InvokeComplete")


def whole(answer: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return the whole payload of a response, and its completion."""
    return remaining(chunks(answer))


def remaining(reader: Generator[bytes, None, dict[str, str]]) -> tuple[bytes, dict[str, str]]:
    """Return the rest of a payload, and the completion."""
    found = bytearray()
    while True:
        try:
            found += next(reader)
        except StopIteration as end:
            return bytes(found), end.value


def test_a_chunk_arrives_while_the_function_runs(
    create_streaming: Callable[..., Any], create_bucket: Callable[[], str]
) -> None:
    # GIVEN a function that writes the second chunk only after the caller has the first
    bucket = create_bucket()
    function = create_streaming(
        """
        stream.write(b"first")
        wait_for(event["bucket"], "go")
        stream.write(b"second")
        stream.end()
        """
    )

    answer = invoke(function, {"bucket": bucket})
    reader = chunks(answer)
    first = next(reader)
    function.localstack.client("s3").put_object(Bucket=bucket, Key="go", Body=b"")

    assert (first, list(reader)) == (b"first", [b"second"])
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert answer["ResponseStreamContentType"] == "application/vnd.amazon.eventstream"
    assert whole(invoke(function, {"bucket": bucket})) == (b"firstsecond", {}), "the environment serves the next event"


def test_log_comes_with_the_completion(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("print('hello log'); stream.write(b'x'); stream.end()")

    _, with_log = whole(invoke(function, LogType="Tail"))
    _, without = whole(invoke(function))

    log = b64decode(with_log["LogResult"]).decode()
    assert "hello log" in log
    assert "REPORT RequestId" in log
    assert without == {}


def test_alias_names_the_executed_version(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("stream.write(b'x'); stream.end()")
    client = function.localstack.client("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=function.name, Qualifier=version)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)

    answer = invoke(function, Qualifier="live")

    assert (answer["ExecutedVersion"], whole(answer)[0]) == (version, b"x")


def test_buffered_function_gives_its_whole_payload(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): return {'event': event, 'text': 'x' * event['size']}")

    payload, completion = whole(invoke(function, {"size": MIB}))

    assert json.loads(payload) == {"event": {"size": MIB}, "text": "x" * MIB}
    assert completion == {}


def test_invoke_returns_what_a_function_streams(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("stream.write(b'[1,'); stream.write(b'2]'); stream.end()")

    answer = function.invoke()

    assert (answer.payload, answer.error) == ([1, 2], None)


FAILURES = {
    "reported in trailers": ("stream.end(('Custom.Error', 'no more'))", "Custom.Error", "no more"),
    "exit": ("sys.exit(3)", "Runtime.ExitError", "exit status 3"),
    "killed": ("os.kill(os.getpid(), 9)", "Runtime.ExitError", "signal: killed"),
    "connection closed": ("stream.break_off()", "Runtime.TruncatedResponse", "closed the connection"),
    "timeout": ("time.sleep(60)", "Sandbox.Timedout", "Task timed out after 3.00 seconds"),
}
SLOW = ("connection closed", "timeout")


@pytest.mark.variants
@pytest.mark.parametrize("how", [pytest.param(how, marks=[pytest.mark.long_proof] * (how in SLOW)) for how in FAILURES])
def test_failure_after_a_chunk_is_in_the_completion(
    create_streaming: Callable[..., Any], create_bucket: Callable[[], str], how: str
) -> None:
    # GIVEN a function that fails once its caller has the first chunk, right after it has written the second
    bucket = create_bucket()
    source, code, details = FAILURES[how]
    function = create_streaming(
        f"""
        stream.write(b"first")
        wait_for(*event)
        stream.write(b"last")
        {source}
        """,
        Timeout=3,
    )
    s3 = function.localstack.client("s3")

    for key in ("one", "two"):  # the environment recovers
        answer = invoke(function, [bucket, key])
        reader = chunks(answer)
        assert next(reader) == b"first"
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
        rest, completion = remaining(reader)
        assert rest == b"last"
        assert completion["ErrorCode"] == code
        assert details in completion["ErrorDetails"]


def test_exception_before_the_first_chunk(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): raise ValueError('no')")

    payload, completion = whole(invoke(function))

    assert (payload, completion["ErrorCode"]) == (b"", "ValueError")
    assert json.loads(completion["ErrorDetails"])["errorMessage"] == "no"


def test_function_that_cannot_be_loaded(create_function: Callable[..., Any]) -> None:
    _, completion = whole(invoke(create_function("import no_such_module")))
    assert completion["ErrorCode"] == "Runtime.ImportModuleError"


@pytest.mark.long_proof
def test_stream_is_larger_than_an_answer_but_not_endless(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming(
        """
        for _ in range(event["mib"]):
            stream.write(bytes(2**20))
        stream.end()
        """,
        Timeout=60,
    )
    assert whole(invoke(function, {"mib": 20})) == (bytes(20 * MIB), {})

    payload, completion = whole(invoke(function, {"mib": 210}))
    assert len(payload) <= 200 * MIB
    assert completion["ErrorCode"] == "Function.ResponseSizeTooLarge"


@pytest.mark.long_proof
def test_function_is_not_faster_than_its_caller(
    create_streaming: Callable[..., Any], create_bucket: Callable[[], str], eventually: Callable[..., Any]
) -> None:
    # GIVEN a function that streams far more than all buffers on the way hold, and notes how far it is
    bucket = create_bucket()
    function = create_streaming(
        """
        s3 = boto3.client("s3")
        for number in range(100):
            stream.write(bytes(2**20))
            s3.put_object(Bucket=event, Key=f"{number:02}", Body=b"")
        stream.end()
        """,
        Timeout=60,
    )
    s3 = function.localstack.client("s3")
    reader = chunks(invoke(function, bucket))
    size = len(next(reader))

    # WHEN its caller reads only the beginning
    counts: list[int] = []

    def stalled() -> bool:
        counts.append(s3.list_objects_v2(Bucket=bucket)["KeyCount"])
        return counts[-1] > 0 and len(counts) > 20 and counts[-20] == counts[-1]

    eventually(stalled, "the function waits, or ends")
    # THEN it waits, until the caller reads on
    assert counts[-1] < 90
    assert size + len(remaining(reader)[0]) == 100 * MIB


def test_function_continues_without_its_caller(
    create_streaming: Callable[..., Any], create_bucket: Callable[[], str], eventually: Callable[..., Any]
) -> None:
    bucket = create_bucket()
    function = create_streaming(
        """
        stream.write(b"first")
        for number in range(40):
            stream.write(bytes(2**20))
        boto3.client("s3").put_object(Bucket=event["bucket"], Key="done", Body=b"")
        stream.end()
        """,
        Timeout=60,
    )
    answer = invoke(function, {"bucket": bucket})
    reader = chunks(answer)
    next(reader)
    reader.close()

    s3 = function.localstack.client("s3")
    eventually(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"], "the function ends", 60)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"FunctionName": "missing"}, "ResourceNotFoundException"),
        ({"InvocationType": "Event"}, "ValidationException"),
        ({"Payload": b"\xff"}, "InvalidRequestContentException"),
        ({"Payload": b"x" * (6 * MIB + 1)}, "RequestEntityTooLargeException"),
    ],
)
def test_bad_requests_get_errors(create_function: Callable[..., Any], arguments: dict[str, Any], code: str) -> None:
    function = create_function("def handler(event, context): pass")
    client = function.localstack.client("lambda")
    with pytest.raises(ClientError) as raised:
        client.invoke_with_response_stream(**{"FunctionName": function.name, **arguments})
    assert raised.value.response["Error"]["Code"] == code


def test_throttled_invocation_is_an_error_of_the_call(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): pass")
    client = function.localstack.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        invoke(function)


def test_dry_run_does_not_invoke(create_function: Callable[..., Any]) -> None:
    function = create_function("def handler(event, context): pass")
    answer = invoke(function, InvocationType="DryRun")
    assert answer["StatusCode"] == 204
    assert function.log_events() == []


def test_wrong_request_id_is_refused(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming(
        """
        right, stream.request_id = stream.request_id, "wrong"
        stream.begin()
        status = stream.end()
        stream.request_id = right
        stream.write(str(status).encode())
        stream.end()
        """
    )
    assert whole(invoke(function))[0] == b"400"
