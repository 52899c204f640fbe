"""Functions of Node.js that stream their response.

https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html

They run with each version of Node.js that this machine has. LAMBDA_INTERPRETERS names more.
"""

import json
from collections.abc import Callable, Generator
from textwrap import dedent
from typing import Any

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search
from pipeline_emulator.lambda_runtime.runtimes.versions import NODES

pytestmark = pytest.mark.local_only

MIB = 2**20


def missing(major: int) -> str:
    """Return why functions of a major version cannot be tested on this machine, empty if they can."""
    try:
        found = search.node(major)
    except RuntimeError as error:
        return str(error)
    return "" if found.numbers[0] == major else f"Node.js {found.version} takes the place of {major}"


@pytest.fixture(params=[major for major in NODES if not missing(major)] or NODES[:1])
def major(request: pytest.FixtureRequest) -> int:
    """Each major version of Node.js that this machine has."""
    number: int = request.param
    if reason := missing(number):
        pytest.skip(reason)
    return number


@pytest.fixture
def create_node(create_function: Callable[..., Any], major: int) -> Callable[..., Any]:
    """Return a factory of functions of Node.js from the source of `index.js`."""

    def create(source: str, name: str = "index.js", **arguments: Any) -> Any:
        defaults = {"Runtime": f"nodejs{major}.x", "Handler": "index.handler"}
        return create_function("", {name: dedent(source)}, **{**defaults, **arguments})

    return create


@pytest.fixture
def create_streaming(create_node: Callable[..., Any]) -> Callable[..., Any]:
    """Return a factory of streaming functions from the body of their handler; `count` is the number of the event."""

    def create(body: str, **arguments: Any) -> Any:
        source = f"""
            const {{ pipeline }} = require("stream/promises");
            const {{ Readable, Transform }} = require("stream");
            const later = (action) => new Promise((resolve) => setTimeout(() => resolve(action?.()), 50));
            let count = 0;
            exports.handler = awslambda.streamifyResponse(async (event, responseStream, context) => {{
              count += 1;
              {body}
            }});
            """
        return create_node(source, **arguments)

    return create


def whole(reader: Generator[bytes, None, dict[str, str]]) -> tuple[bytes, dict[str, str]]:
    """Return the whole payload of a response, and its completion."""
    found = bytearray()
    while True:
        try:
            found += next(reader)
        except StopIteration as end:
            return bytes(found), end.value


def test_a_chunk_arrives_while_the_function_runs(create_streaming: Callable[..., Any], gate: Any) -> None:
    # GIVEN a function that writes the second chunk only after the caller has the first
    function = create_streaming(
        """
        responseStream.write(`first ${count} `);
        await fetch(event);
        responseStream.write("second");
        responseStream.end();
        """
    )

    reader = function.stream(gate.url)
    first = next(reader)
    gate.open()

    assert first == b"first 1 "
    assert whole(reader) == (b"second", {})
    assert whole(function.stream(gate.url)) == (b"first 2 second", {}), "the environment serves the next event"


def test_an_es_module_streams(create_node: Callable[..., Any]) -> None:
    function = create_node(
        """
        export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
          stream.write(context.awsRequestId.length + " ");
          stream.end(event.text);
        });
        """,
        "index.mjs",
    )

    assert whole(function.stream({"text": "ü"})) == ("36 ü".encode(), {})


WRITTEN = {
    "bytes": ("responseStream.write(new Uint8Array([0, 255])); responseStream.end();", b"\x00\xff"),
    "an object": ("responseStream.write({ a: [1] }); responseStream.end();", b'{"a":[1]}'),
    "an encoding": ("responseStream.write('ff00', 'hex'); responseStream.end();", b"\xff\x00"),
    "at the end": ("responseStream.end('all');", b"all"),
    "nothing": ("responseStream.end();", b""),
    "a pipeline": (
        "const upper = new Transform({ transform: (c, _, done) => done(null, String(c).toUpperCase()) });"
        "await pipeline(Readable.from(['a', 'b']), upper, responseStream);",
        b"AB",
    ),
    "a generator": ("await pipeline(async function* () { yield 'a'; yield 'b'; }, responseStream);", b"ab"),
    "after its promise": ("later(() => responseStream.end('late'));", b"late"),
    "a returned value": ("responseStream.end('ok'); return 7;", b"ok"),
    "an error after the end": ("responseStream.end('ok'); throw new Error('late');", b"ok"),
    "a content type": ("responseStream.setContentType('text/csv'); responseStream.end('1');", b"1"),
}


@pytest.mark.variants
@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_arrives(create_streaming: Callable[..., Any], what: str) -> None:
    source, expected = WRITTEN[what]
    function = create_streaming(source)

    for _ in range(2):
        assert whole(function.stream()) == (expected, {})


def test_a_returned_value_is_ignored_with_a_warning(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("responseStream.end('[1]'); return 7;")

    answer = function.invoke()

    assert (answer.payload, answer.error) == ([1], None)
    assert "\tWARN\tStreaming handlers ignore return values.\n" in answer.log


def test_invoke_returns_what_a_function_streams(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("responseStream.write('[1,'); await later(); responseStream.end('2]');")

    answer = function.invoke()

    assert (answer.payload, answer.error) == ([1, 2], None)


def test_a_plain_handler_answers_at_once(create_node: Callable[..., Any]) -> None:
    code = "exports.handler = async (event) => { if (!event) throw new RangeError('no'); return event; };"
    function = create_node(code)

    payload, completion = whole(function.stream({"text": "x" * MIB}))
    nothing, failure = whole(function.stream())

    assert (json.loads(payload), completion) == ({"text": "x" * MIB}, {})
    assert (nothing, failure["ErrorCode"]) == (b"", "RangeError")


THROWN = {
    "rejected": "throw new TypeError('no: ü');",
    "later": "await later(); throw new TypeError('no: ü');",
    "source of a pipeline": "await pipeline(async function* () { throw new TypeError('no: ü'); }, responseStream);",
    "destroyed": "responseStream.destroy(new TypeError('no: ü')); await later(); throw new TypeError('no: ü');",
}


@pytest.mark.variants
@pytest.mark.parametrize("how", THROWN)
def test_error_before_the_first_byte(create_streaming: Callable[..., Any], how: str) -> None:
    function = create_streaming(f"if (event === 'fail') {{ {THROWN[how]} }} responseStream.end(String(count));")

    payload, completion = whole(function.stream("fail"))
    buffered = function.invoke("fail")

    assert (payload, completion["ErrorCode"]) == (b"", "TypeError")
    for document in (json.loads(completion["ErrorDetails"]), buffered.payload):
        assert (document["errorType"], document["errorMessage"]) == ("TypeError", "no: ü")
        assert document["trace"][0] == "TypeError: no: ü"
    assert buffered.error == "Unhandled"
    assert "\tERROR\tInvoke Error \t" in buffered.log
    assert whole(function.stream()) == (b"3", {}), "the process goes on"


FAILURES = {
    "thrown": ("throw new OrderError('no more: ü');", "OrderError", "no more: ü", True),
    "no error": ("throw 'text';", "string", "text", True),
    "source of a pipeline": (
        "await pipeline(async function* () { throw new OrderError('no more'); }, responseStream);",
        "Runtime.TruncatedResponse",
        "closed the connection",
        True,
    ),
    "content type": (
        "responseStream.setContentType('text/csv');",
        "Runtime.InvalidStreamingOperation",
        "Cannot set content-type, too late.",
        True,
    ),
    "uncaught": ("later(() => { throw new OrderError('x'); });", "Runtime.ExitError", "Runtime exited", False),
    "exit": ("process.exit(3);", "Runtime.ExitError", "exit status 3", False),
    "never ended": ("", "Sandbox.Timedout", "Task timed out after 3.00 seconds", False),
}


@pytest.mark.variants
@pytest.mark.parametrize("how", FAILURES)
def test_error_in_the_middle(create_streaming: Callable[..., Any], gate: Any, how: str) -> None:
    # GIVEN a function that fails once its caller has the first chunk
    source, code, details, goes_on = FAILURES[how]
    function = create_streaming(
        f"""
        class OrderError extends Error {{ name = "OrderError"; }}
        if (event === null) return responseStream.end(String(count));
        responseStream.write("first");
        await fetch(event);
        {source}
        """,
        Timeout=3,
    )

    reader = function.stream(gate.url)
    assert next(reader) == b"first"
    gate.open()
    rest, completion = whole(reader)

    assert (rest, completion["ErrorCode"]) == (b"", code)
    assert details in json.loads(completion["ErrorDetails"])["errorMessage"]
    assert whole(function.stream()) == (b"2" if goes_on else b"1", {})


def test_error_type_that_no_trailer_can_hold(create_streaming: Callable[..., Any]) -> None:
    function = create_streaming("responseStream.write('a'); const e = new Error('m'); e.name = 'Fehler ü\\n'; throw e;")

    payload, completion = whole(function.stream())

    assert (payload, completion["ErrorCode"]) == (b"a", "Fehler%20%C3%BC%0A")


def test_a_handler_without_a_promise_is_refused(create_node: Callable[..., Any]) -> None:
    function = create_node("exports.handler = awslambda.streamifyResponse((event, stream) => { stream.write('a'); });")

    payload, completion = whole(function.stream())

    assert payload == b"a"
    assert "Streaming does not support non-async handlers." in completion["ErrorDetails"]


def test_a_mark_that_is_unknown_fails_the_initialization(create_node: Callable[..., Any]) -> None:
    function = create_node(
        "exports.handler = async () => {};"
        "exports.handler[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'request';"
    )

    payload = function.invoke().payload

    assert payload["errorType"] == "Runtime.MalformedStreamingHandler"
    assert payload["errorMessage"] == "Only response streaming is supported."


def test_the_stream_shows_what_aws_shows(create_node: Callable[..., Any]) -> None:
    function = create_node(
        """
        exports.handler = awslambda.streamifyResponse(async (event, stream) => {
          while (stream.writableHighWaterMark !== 1234) await new Promise(setImmediate); // until it is connected
          const { writable, writableEnded, writableLength, destroyed, setHeader } = stream;
          stream.end(JSON.stringify({ writable, writableEnded, writableLength, destroyed, header: typeof setHeader }));
        }, { highWaterMark: 1234 });
        """
    )

    for _ in range(2):
        assert function.invoke().payload == {
            "writable": True,
            "writableEnded": False,
            "writableLength": 0,
            "destroyed": False,
            "header": "undefined",
        }


@pytest.mark.long_proof
def test_a_pipeline_is_not_faster_than_its_caller(
    create_streaming: Callable[..., Any], gate: Any, eventually: Callable[..., Any]
) -> None:
    # GIVEN a function that streams far more than all buffers on the way hold, and says how far it is
    function = create_streaming(
        """
        async function* source() {
          for (let number = 0; number < 100; number += 1) {
            await fetch(`${event}/pass/${number}`);
            yield Buffer.alloc(2 ** 20);
          }
        }
        await pipeline(Readable.from(source()), responseStream);
        """,
        Timeout=60,
    )
    reader = function.stream(gate.url)
    size = len(next(reader))

    # WHEN its caller reads only the beginning
    counts: list[int] = []

    def stalled() -> bool:
        counts.append(len(gate.passed))
        return len(counts) > 20 and counts[-20] == counts[-1]

    eventually(stalled, "the function waits, or ends")
    # THEN it waits, until the caller reads on
    assert 0 < counts[-1] < 90
    assert (size + len(whole(reader)[0]), len(gate.passed)) == (100 * MIB, 100)


def test_work_after_the_response_ends_before_the_next_event(create_streaming: Callable[..., Any], major: int) -> None:
    if major >= 24:
        pytest.skip("Node.js 24 does not wait for the event loop")
    function = create_streaming(
        """
        if (event === "at once") context.callbackWaitsForEmptyEventLoop = false;
        const before = globalThis.done ?? 0;
        setTimeout(() => { globalThis.done = before + 1; }, 500);
        responseStream.end(String(before));
        """
    )

    found = [function.invoke(event).payload for event in ("waits", "waits", "at once", "at once")]

    assert found == [0, 1, 2, 2]


def test_a_promise_that_never_settles_does_not_stop_the_function(
    create_streaming: Callable[..., Any], major: int
) -> None:
    if major >= 24:
        pytest.skip("since Node.js 24, the process ends")
    function = create_streaming("responseStream.end(String(count)); await new Promise(() => {});")

    assert [function.invoke().payload for _ in range(2)] == [1, 2]
