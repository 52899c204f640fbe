"""Function URLs: what functions get, what clients get, and at which address.

https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
"""

import contextlib
import http.client
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search

pytestmark = pytest.mark.local_only

RUNTIME = Path(__file__).with_name("streaming_runtime.py").read_text()
ECHO = "def handler(event, context): return event"
# The event says what the function returns, or raises.
RETURN = """
    import json

    def handler(event, context):
        answer = json.loads(event["body"])
        if answer == "raise":
            raise ValueError
        return answer
"""
type Headers = Sequence[tuple[str, str]]
MIB = 2**20


@pytest.fixture
def make_url() -> Callable[..., str]:
    """Return a function that gives a function a URL that everybody may call, and returns it."""

    def make(function: Any, **arguments: Any) -> str:
        client = function.localstack.client("lambda")
        qualifier = {"Qualifier": arguments["Qualifier"]} if "Qualifier" in arguments else {}
        common = {"FunctionName": function.name, "Principal": "*", **qualifier}
        client.add_permission(
            StatementId="url", Action="lambda:InvokeFunctionUrl", FunctionUrlAuthType="NONE", **common
        )
        client.add_permission(
            StatementId="invoke", Action="lambda:InvokeFunction", InvokedViaFunctionUrl=True, **common
        )
        made = client.create_function_url_config(FunctionName=function.name, AuthType="NONE", **arguments)
        return str(made["FunctionUrl"])

    return make


@contextlib.contextmanager
def opened(
    localstack: Any, url: str, method: str = "GET", target: str = "/", headers: Headers = (), body: bytes = b""
) -> Iterator[http.client.HTTPResponse]:
    """Send a request to a function URL at 127.0.0.1, as if a name server had been asked, and yield the response."""
    connection = http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in [("Host", urlsplit(url).netloc), *headers]:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        with connection.getresponse() as response:
            yield response


def call(localstack: Any, url: str, *arguments: Any, **more: Any) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Return status, headers and body of the response to a request."""
    with opened(localstack, url, *arguments, **more) as response:
        return response.status, response.headers, response.read()


def test_url_has_the_port_of_the_client_and_a_name_without_dns(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_function(ECHO)
    client = localstack.client("lambda")
    url = make_url(function)

    name, _, domain = urlsplit(url).netloc.partition(".")
    assert domain == f"lambda-url.ap-south-1.localhost:{urlsplit(localstack.endpoint_url).port}"
    assert name.isalnum()
    [listed] = client.list_function_url_configs(FunctionName=function.name)["FunctionUrlConfigs"]
    got = client.get_function_url_config(FunctionName=function.name)
    updated = client.update_function_url_config(FunctionName=function.name, InvokeMode="RESPONSE_STREAM")
    assert {each["FunctionUrl"] for each in (listed, got, updated)} == {url}
    assert (got["InvokeMode"], updated["InvokeMode"]) == ("BUFFERED", "RESPONSE_STREAM")
    assert "not yet supported" not in localstack.log()


@pytest.mark.parametrize("domain", ["localhost.localstack.cloud:4566", "localhost", "LocalHost.:80", "127.0.0.1:1"])
def test_host_decides_not_its_case_or_port(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str], domain: str
) -> None:
    name = urlsplit(make_url(create_function(ECHO))).netloc.partition(".")[0]
    host = f"http://{name.upper()}.Lambda-Url.ap-south-1.{domain}/"
    status = call(localstack, host)[0]
    assert status == (403 if domain.startswith("127") else 200), "a subdomain of an address is nobody's"


def test_unknown_url(localstack: Any) -> None:
    status, _, body = call(localstack, "http://nobody.lambda-url.ap-south-1.localhost/")
    assert (status, json.loads(body)) == (403, {"Message": None})
    assert call(localstack, "http://nobody.lambda-url.no-region.localhost/")[0] == 403


def test_url_ends_with_its_alias(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    """The URL goes with its alias, and is forbidden, not unknown: as LocalStack's authors recorded on AWS."""
    function, client = create_function(ECHO), localstack.client("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    url = make_url(function, Qualifier="live")
    assert call(localstack, url)[0] == 200

    client.delete_alias(FunctionName=function.name, Name="live")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_url_config(FunctionName=function.name, Qualifier="live")
    assert client.list_function_url_configs(FunctionName=function.name)["FunctionUrlConfigs"] == []
    status, headers, body = call(localstack, url)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert json.loads(body)["Message"].startswith("Forbidden. For troubleshooting Function URL authorization issues")


def test_event_has_payload_format_2(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    url = make_url(create_function(ECHO))
    headers = [
        ("X-Two", "1"),
        ("Cookie", "a=1; b=2"),
        ("x-two", "2"),
        ("User-Agent", "tests"),
        ("Content-Type", "application/json; charset=utf-8"),
    ]
    target = "//a%20b/_localstack?x=1&y=%C3%BC&x=2&empty="

    event = json.loads(call(localstack, url, "POST", target, headers, '{"ü": 1}'.encode())[2])

    context = event.pop("requestContext")
    host = urlsplit(url).netloc
    name, _, port = host.partition(":")
    assert re.fullmatch(TRACE, event["headers"].pop("x-amzn-trace-id"))
    assert event == {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "//a%20b/_localstack",
        "rawQueryString": "x=1&y=%C3%BC&x=2&empty=",
        "cookies": ["a=1", "b=2"],
        "headers": {
            "host": host,
            "x-two": "1,2",
            "user-agent": "tests",
            "content-type": "application/json; charset=utf-8",
            "content-length": "9",
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-port": port,
            "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"x": "1,2", "y": "ü", "empty": ""},
        "body": '{"ü": 1}',
        "isBase64Encoded": False,
    }
    assert context.pop("time").endswith("+0000")
    assert context.pop("timeEpoch") > 1e12
    assert context.pop("requestId")
    assert context == {
        "accountId": "anonymous",
        "apiId": name.partition(".")[0],
        "domainName": host,
        "domainPrefix": name.partition(".")[0],
        "http": {
            "method": "POST",
            "path": "/a b/_localstack",
            "protocol": "HTTP/1.1",
            "sourceIp": "127.0.0.1",
            "userAgent": "tests",
        },
        "routeKey": "$default",
        "stage": "$default",
    }


def test_event_of_a_bare_request(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    event = json.loads(call(localstack, make_url(create_function(ECHO)))[2])
    assert not {"body", "cookies", "queryStringParameters"} & event.keys()
    assert (event["rawPath"], event["rawQueryString"], event["isBase64Encoded"]) == ("/", "", False)


TRACE = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}"


@pytest.mark.parametrize("mode", ["BUFFERED", "RESPONSE_STREAM"])
def test_event_function_and_response_have_one_trace(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str], mode: str
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads"""
    source = """
        import os

        def handler(event, context):
            return [event["headers"]["x-amzn-trace-id"], os.environ["_X_AMZN_TRACE_ID"]]
    """
    url = make_url(create_function(source), InvokeMode=mode)
    _, headers, body = call(localstack, url)
    sent, own = json.loads(body)
    assert re.fullmatch(TRACE, sent)
    assert own.startswith(f"{sent};Parent=")
    assert headers["x-amzn-trace-id"] == own
    theirs = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    _, headers, body = call(localstack, url, headers=[("X-Amzn-Trace-Id", theirs)])
    assert json.loads(body) == [theirs, theirs]
    assert headers["x-amzn-trace-id"] == theirs


@pytest.mark.variants
@pytest.mark.parametrize(
    ("headers", "body", "encoded"),
    [
        ([("Content-Type", "text/plain")], "ü".encode(), False),
        ([("Content-Type", "application/problem+json")], b"{}", False),
        ([("Content-Type", "application/xml")], b"<a/>", False),
        ([("Content-Type", "text/plain")], b"\xff", True),
        ([("Content-Type", "application/x-www-form-urlencoded")], b"a=1", True),
        ([("Content-Type", "image/png")], b"\x89PNG", True),
        ([("Content-Type", "text/plain"), ("Content-Encoding", "gzip")], b"not gzip", True),
        ([], b"text", True),
    ],
)
def test_binary_bodies_are_in_base64(
    localstack: Any,
    create_function: Callable[..., Any],
    make_url: Callable[..., str],
    headers: Headers,
    body: bytes,
    encoded: bool,
) -> None:
    event = json.loads(call(localstack, make_url(create_function(ECHO)), "PUT", "/", headers, body)[2])
    content = b64decode(event["body"]) if encoded else event["body"].encode()
    assert (event["isBase64Encoded"], content) == (encoded, body)


@pytest.fixture(scope="module")
def answers(start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack without IAM, for functions that all tests of this kind share."""
    return start_localstack(IAM_ENFORCEMENT="off")


@pytest.fixture
def returned(
    answers: Any, create_function: Callable[..., Any]
) -> Callable[[Any], tuple[int, http.client.HTTPMessage, bytes]]:
    """Return a function that has a function return something, and returns the response of its URL."""
    function = create_function(RETURN, where=answers)
    client = answers.client("lambda")
    url = client.create_function_url_config(FunctionName=function.name, AuthType="NONE")["FunctionUrl"]
    text = [("Content-Type", "text/plain")]
    return lambda answer: call(answers, url, "POST", "/", text, json.dumps(answer).encode())


def test_responses(returned: Callable[[Any], tuple[int, http.client.HTTPMessage, bytes]]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads (Response payload format)."""
    inferred: list[tuple[Any, bytes]] = [
        ("Hello", b"Hello"),
        ({"message": "ü"}, '{"message":"ü"}'.encode()),
        (None, b"null"),
        ([1, 2], b"[1,2]"),
        (3, b"3"),
        ({"statusCode": 200, "body": {"a": [1, True]}}, b'{"a":[1,true]}'),
    ]
    for answer, body in inferred:
        status, headers, content = returned(answer)
        assert (status, content, headers["content-type"]) == (200, body, "application/json")

    status, headers, content = returned(
        {
            "statusCode": 201,
            "headers": {"Content-Type": "text/html", "X-Own": "value", "X-Number": 1, "Content-Length": "9999"},
            "cookies": ["a=1; Secure", "b=2"],
            "body": "<p>ü</p>",
        }
    )
    assert (status, content.decode(), headers["content-type"]) == (201, "<p>ü</p>", "text/html")
    assert (headers["x-own"], headers["x-number"]) == ("value", "1")
    assert headers.get_all("set-cookie") == ["a=1; Secure", "b=2"]
    assert headers["x-amzn-requestid"]

    binary = {"statusCode": 200, "body": b64encode(b"\x00\xff").decode(), "isBase64Encoded": True}
    assert returned(binary)[::2] == (200, b"\x00\xff")
    assert returned({"statusCode": "404"})[::2] == (404, b"")
    assert returned({"statusCode": 204, "body": None})[0] == 204


MALFORMED: list[Any] = [
    "raise",
    {"statusCode": "no"},
    {"statusCode": 99},
    {"statusCode": 600},
    {"statusCode": True},
    {"statusCode": None},
    {"statusCode": 200, "body": "***", "isBase64Encoded": True},
    {"statusCode": 200, "headers": []},
    {"statusCode": 200, "headers": {"a": ["b"]}},
    {"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c"}},
    {"statusCode": 200, "headers": {"a b": "c"}},
    {"statusCode": 200, "headers": {"a": "\ud800"}},
    {"statusCode": 200, "cookies": "a=1"},
    {"statusCode": 200, "cookies": ["a=1\n"]},
]


def test_errors_and_malformed_responses_are_502(
    returned: Callable[[Any], tuple[int, http.client.HTTPMessage, bytes]],
) -> None:
    outcomes = [(answer, *returned(answer)[::2]) for answer in MALFORMED]
    assert outcomes == [(answer, 502, b"Internal Server Error") for answer in MALFORMED]


def test_too_large_a_body_is_413_and_a_throttled_function_429(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_function("def handler(event, context): return len(event['body'])")
    url = make_url(function)
    text = [("Content-Type", "text/plain")]
    assert call(localstack, url, "POST", "/", text, b"x" * (5 * MIB))[::2] == (200, str(5 * MIB).encode())
    assert call(localstack, url, "POST", "/", text, b"x" * (6 * MIB + 1))[0] == 413
    assert call(localstack, url, "POST", "/", [], b"x" * (5 * MIB))[0] == 413, "base64 makes it larger"
    function.localstack.client("lambda").put_function_concurrency(
        FunctionName=function.name, ReservedConcurrentExecutions=0
    )
    assert call(localstack, url)[0] == 429


def test_alias_has_a_url_of_its_own(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_function("def handler(event, context): return context.invoked_function_arn")
    client = localstack.client("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    client.get_waiter("published_version_active").wait(FunctionName=function.name, Qualifier=version)
    client.create_alias(FunctionName=function.name, Name="live", FunctionVersion=version)
    urls = [make_url(function), make_url(function, Qualifier="live")]
    assert [call(localstack, url)[2].decode() for url in urls] == [function.arn, f"{function.arn}:live"]

    client.delete_function_url_config(FunctionName=function.name, Qualifier="live")
    assert [call(localstack, url)[0] for url in urls] == [200, 403]


@pytest.fixture
def create_streaming(create_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that creates a function from the body of `handle(event, stream)`."""

    def create(body: str) -> Any:
        lines = "\n".join(f"    {line}" for line in dedent(body).strip().splitlines())
        source = f"import sys, time, boto3, streaming_runtime\ndef handle(event, stream):\n{lines}\n"
        return create_function(f"{source}streaming_runtime.serve(handle)\n", {"streaming_runtime.py": RUNTIME})

    return create


def test_streamed_response_arrives_while_the_function_runs(
    localstack: Any,
    create_streaming: Callable[..., Any],
    make_url: Callable[..., str],
    create_bucket: Callable[[], str],
) -> None:
    # GIVEN a function that writes the second chunk only after the client has the first
    bucket, s3 = create_bucket(), localstack.client("s3")
    function = create_streaming(
        """
        stream.prelude(statusCode=201, headers={"Content-Type": "text/event-stream", "X-Own": "1"}, cookies=["a=1"])
        stream.write(b"first")
        s3 = boto3.client("s3")
        while s3.list_objects_v2(Bucket=event["rawPath"][1:])["KeyCount"] == 0:
            time.sleep(0.05)
        stream.write(b"second")
        stream.end()
        """
    )
    url = make_url(function, InvokeMode="RESPONSE_STREAM")

    with opened(localstack, url, target=f"/{bucket}") as response:
        assert (response.status, response.headers["content-type"]) == (201, "text/event-stream")
        assert (response.headers["x-own"], response.headers.get_all("set-cookie")) == ("1", ["a=1"])
        assert response.read(5) == b"first"
        s3.put_object(Bucket=bucket, Key="go", Body=b"")
        assert response.read() == b"second"


def test_stream_without_head_is_the_body(
    localstack: Any, create_streaming: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_streaming("stream.begin('text/csv'); stream.write(b'1,2'); stream.end()")
    status, headers, body = call(localstack, make_url(function, InvokeMode="RESPONSE_STREAM"))
    assert (status, headers["content-type"], body) == (200, "text/csv", b"1,2")


def test_buffered_answer_in_the_mode_of_streams_is_the_body(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_function("def handler(event, context): return {'statusCode': 404}")
    status, _, body = call(localstack, make_url(function, InvokeMode="RESPONSE_STREAM"))
    assert (status, json.loads(body)) == (200, {"statusCode": 404})


def test_streamed_response_in_the_buffered_mode(
    localstack: Any, create_streaming: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_streaming("stream.prelude(statusCode=202); stream.write(b'whole'); stream.end()")
    assert call(localstack, make_url(function))[::2] == (202, b"whole")


@pytest.mark.variants
@pytest.mark.parametrize(
    "source",
    [
        "raise ValueError",
        "stream.begin('application/vnd.awslambda.http-integration-response'); sys.exit(1)",
        "stream.begin('application/vnd.awslambda.http-integration-response'); stream.write(b'no head'); stream.end()",
        "stream.prelude(statusCode='no'); stream.end()",
        pytest.param(
            "stream.begin('application/vnd.awslambda.http-integration-response'); stream.write(b'[]' + bytes(8))",
            marks=pytest.mark.long_proof,
        ),
        "stream.answer(b'{}', 'error')",
    ],
)
def test_failure_before_the_body_is_502(
    localstack: Any, create_streaming: Callable[..., Any], make_url: Callable[..., str], source: str
) -> None:
    url = make_url(create_streaming(source), InvokeMode="RESPONSE_STREAM")
    assert call(localstack, url)[::2] == (502, b"Internal Server Error")


@pytest.fixture
def create_node(create_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a factory of streaming functions of Node.js, from the body of their handler."""
    try:
        search.node(20)
    except RuntimeError as error:
        pytest.skip(str(error))

    def create(body: str) -> Any:
        source = f"exports.handler = awslambda.streamifyResponse(async (event, stream) => {{\n{body}\n}});"
        return create_function("", {"index.js": source}, Runtime="nodejs20.x", Handler="index.handler")

    return create


def test_node_streams_while_it_runs(
    localstack: Any, create_node: Callable[..., Any], make_url: Callable[..., str], gate: Any
) -> None:
    function = create_node(
        """
        const headers = { "Content-Type": "text/event-stream", "X-Own": "ü" };
        const http = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers, cookies: ["a=1", "b=2"] });
        http.write("first");
        await fetch(event.body);
        http.end("second");
        """
    )
    url = make_url(function, InvokeMode="RESPONSE_STREAM")

    with opened(localstack, url, "POST", headers=[("Content-Type", "text/plain")], body=gate.url.encode()) as response:
        assert (response.status, response.headers["content-type"]) == (201, "text/event-stream")
        assert response.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert response.headers["x-own"].encode("latin-1") == "ü".encode()
        assert response.read(5) == b"first"
        gate.open()
        assert response.read() == b"second"


NODE_RESPONSES = {
    "content type": ("stream.setContentType('text/csv'); stream.end('1,2');", (200, "text/csv", b"1,2")),
    "without one": ("stream.end('1,2');", (200, "application/octet-stream", b"1,2")),
    "head without body": (
        "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 404 }); http.write(''); http.end();",
        (404, "application/json", b""),
    ),
    "pipeline": (
        "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 202 });"
        " await require('stream/promises').pipeline(['a', 'b'], http);",
        (202, "application/json", b"ab"),
    ),
    # https://github.com/aws/aws-lambda-nodejs-runtime-interface-client/issues/97
    "head, and nothing written": (
        "awslambda.HttpResponseStream.from(stream, { statusCode: 404 }).end();",
        (200, "application/octet-stream", b""),
    ),
    "head, and written at the end": (
        "awslambda.HttpResponseStream.from(stream, { statusCode: 404 }).end('Not Found');",
        (502, "application/json", b"Internal Server Error"),
    ),
    "malformed head": (
        "awslambda.HttpResponseStream.from(stream, { statusCode: 'no' }).write('x'); stream.end();",
        (502, "application/json", b"Internal Server Error"),
    ),
    "error": ("throw new Error('no');", (502, "application/json", b"Internal Server Error")),
    "error after the head": (
        "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 404 }); throw new Error('no');",
        (502, "application/json", b"Internal Server Error"),
    ),
}


@pytest.mark.variants
@pytest.mark.parametrize("what", NODE_RESPONSES)
def test_responses_of_node(
    localstack: Any, create_node: Callable[..., Any], make_url: Callable[..., str], what: str
) -> None:
    source, expected = NODE_RESPONSES[what]
    status, headers, body = call(localstack, make_url(create_node(source), InvokeMode="RESPONSE_STREAM"))
    assert (status, headers["content-type"], body) == expected


def test_node_streams_in_the_buffered_mode(
    localstack: Any, create_node: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_node(
        "const http = awslambda.HttpResponseStream.from(stream, { statusCode: 202 }); http.write('a'); http.end('b');"
    )
    assert call(localstack, make_url(function))[::2] == (202, b"ab")


@pytest.mark.parametrize(
    "failure", ["throw new Error('no');", "stream.destroy(new Error('no')); await new Promise(setImmediate);"]
)
def test_failure_of_node_breaks_the_response_off(
    localstack: Any, create_node: Callable[..., Any], make_url: Callable[..., str], gate: Any, failure: str
) -> None:
    function = create_node(f"stream.write('part'); await fetch(event.body); {failure}")
    url = make_url(function, InvokeMode="RESPONSE_STREAM")

    with opened(localstack, url, "POST", headers=[("Content-Type", "text/plain")], body=gate.url.encode()) as response:
        assert response.read(4) == b"part"
        gate.open()
        with pytest.raises(http.client.IncompleteRead):
            response.read()


def test_failure_within_the_body_breaks_the_response_off(
    localstack: Any, create_streaming: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_streaming("stream.prelude(); stream.write(b'part'); stream.end(('Custom', 'no more'))")
    with (
        opened(localstack, make_url(function, InvokeMode="RESPONSE_STREAM")) as response,
        pytest.raises(http.client.IncompleteRead),
    ):
        response.read()


CORS = {
    "AllowOrigins": ["https://shop.example"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-own"],
    "ExposeHeaders": ["x-answer"],
    "AllowCredentials": True,
    "MaxAge": 60,
}
PREFLIGHT = [("Access-Control-Request-Method", "POST")]


def cors_headers(headers: http.client.HTTPMessage) -> dict[str, str]:
    return {
        name.lower().removeprefix("access-control-"): value
        for name, value in headers.items()
        if name.lower().startswith("access-control-")
    }


def test_cors_configuration_answers_pages(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    function = create_function(
        "def handler(event, context): return {'statusCode': 200, 'headers': {'Access-Control-Allow-Origin': 'x'}}"
    )
    url = make_url(function, Cors=CORS)
    page = [("Origin", "https://shop.example"), ("User-Agent", "Mozilla/5.0"), ("Sec-Fetch-Site", "cross-site")]
    common = {"allow-origin": "https://shop.example", "allow-credentials": "true"}

    status, headers, body = call(localstack, url, "OPTIONS", "/", [*page, *PREFLIGHT])
    assert (status, body) == (200, b"")
    assert cors_headers(headers) == common | {"allow-methods": "GET,POST", "allow-headers": "x-own", "max-age": "60"}
    status, headers, _ = call(localstack, url, "GET", "/", page)
    assert (status, cors_headers(headers)) == (200, common | {"expose-headers": "x-answer"})
    status, headers, _ = call(localstack, url)
    assert (status, cors_headers(headers)) == (200, {}), "no page asks"


def test_other_pages_are_kept_out(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str], create_bucket: Callable[[], str]
) -> None:
    url = make_url(create_function(ECHO), Cors=CORS)
    bucket = create_bucket()
    origin = "https://evil.example"
    rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET"]}
    localstack.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    evil = [("Origin", origin), ("User-Agent", "Mozilla/5.0")]

    status, headers, _ = call(localstack, url, "OPTIONS", "/", [*evil, *PREFLIGHT])
    assert (status, cors_headers(headers)) == (200, {}), "the browser sends nothing after this"
    for target in ("/", f"/{bucket}/key"):  # the bucket's configuration is not for this host
        assert call(localstack, url, "GET", target, evil)[0] == 403
    assert (
        call(localstack, url, "GET", "/", [("Sec-Fetch-Site", "cross-site"), ("User-Agent", "Mozilla/5.0")])[0] == 403
    )


def test_an_empty_cors_configuration_removes_it(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    """Terraform removes it so, and plans again if it comes back empty."""
    function = create_function(ECHO)
    make_url(function, Cors=CORS)
    client = localstack.client("lambda")
    assert "Cors" not in client.update_function_url_config(FunctionName=function.name, Cors={})
    assert "Cors" not in client.get_function_url_config(FunctionName=function.name)


def test_pages_are_kept_out_without_a_cors_configuration(
    localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]
) -> None:
    url = make_url(create_function(ECHO))
    page = [("Origin", "https://shop.example")]
    assert call(localstack, url, "OPTIONS", "/", [*page, *PREFLIGHT])[0] == 403
    assert call(localstack, url, "GET", "/", page)[0] == 403
    own = [("Origin", localstack.endpoint_url)]
    status, headers, body = call(localstack, url, "OPTIONS", "/", [*own, *PREFLIGHT])
    assert (status, cors_headers(headers)) == (200, {})
    assert json.loads(body)["requestContext"]["http"]["method"] == "OPTIONS", "the function answers it"


def test_wildcard_origin(localstack: Any, create_function: Callable[..., Any], make_url: Callable[..., str]) -> None:
    url = make_url(create_function(ECHO), Cors={"AllowOrigins": ["*"]})
    status, headers, _ = call(localstack, url, "GET", "/", [("Origin", "https://any.example")])
    assert (status, cors_headers(headers)) == (200, {"allow-origin": "*"})
