"""Only a request that no left-out handler has anything to do for is served fast."""

import pytest

from pipeline_emulator.gateway.fast.request_head import MAX_BODY_BYTES, recognised

pytestmark = pytest.mark.local_only

SIGNED = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"
PLAIN = {
    "Host": "127.0.0.1:4566",
    "X-Amz-Target": "Kinesis_20131202.PutRecord",
    "Content-Type": "application/x-amz-json-1.1",
    "User-Agent": "Boto3/1.42",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": SIGNED,
    "Content-Length": "10",
}


INVOKE = {"X-Amz-Target": None, "Content-Type": None, "Authorization": SIGNED.replace("kinesis", "lambda")}
FUNCTIONS = "/2015-03-31/functions"


def block(headers: dict[str, str | None], target: str = "/") -> bytes:
    lines = [f"{name}: {value}" for name, value in (PLAIN | headers).items() if value is not None]
    return "\r\n".join([f"POST {target} HTTP/1.1", *lines]).encode()


def test_a_request_of_an_sdk_is_recognised() -> None:
    head = recognised(block({}))
    assert head is not None
    assert (head.operation, head.length) == ("PutRecord", 10)
    assert head.headers[0] == (b"Host", b"127.0.0.1:4566")
    assert head.values["host"] == "127.0.0.1:4566"


@pytest.mark.parametrize("host", ["localhost", "localhost:4566", "[::1]:4566", "172.17.0.2:4566"])
def test_addresses_and_the_emulators_own_name_are_plain_hosts(host: str) -> None:
    assert recognised(block({"Host": host})) is not None


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Target": "Kinesis_20131202.DescribeStream"},
        {"X-Amz-Target": "PutRecord"},
        {"Content-Type": "application/json"},
        {"Content-Type": None},
        {"Content-Length": "-1"},
        {"Content-Length": "0"},
        {"Content-Length": "1_0"},
        {"Content-Length": "+10"},
        {"Content-Length": None},
        {"Content-Length": str(MAX_BODY_BYTES + 1)},
        {"content-length": "11"},
        {"Transfer-Encoding": "chunked"},
        {"Expect": "100-continue"},
        {"Connection": "close"},
        {"Connection": "upgrade"},
        {"Upgrade": "websocket"},
        {"Content-Encoding": "gzip"},
        {"Accept": "application/cbor"},
        {"Host": "bucket.s3.localhost.localstack.cloud:4566"},
        {"Host": "example.org"},
        {"Host": None},
        {"Origin": "https://example.org"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "https://example.org/"},
        {"User-Agent": "Mozilla/5.0"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Localstack-Data": "{}"},
        {"x-moto-account-id": "111111111111"},
        {"Authorization": None},
        {"Authorization": SIGNED.replace("kinesis", "s3")},
        {"Authorization": SIGNED.replace("kinesis", "lambda")},
        {"Authorization": "AWS test:0"},
        {"X-Amz-Date ": "20260101T000000Z"},
        {"User-Agent": "a\nOrigin: b"},
        {"User-Agent": "a\r b"},
        {"User-Agent": "\N{LATIN SMALL LETTER E WITH ACUTE}"},
    ],
    ids=str,
)
def test_anything_else_takes_the_usual_way(headers: dict[str, str | None]) -> None:
    assert recognised(block(headers)) is None


@pytest.mark.parametrize(
    "name", ["f", "f:1", "a-B_9%3Alive", "arn%3Aaws%3Alambda%3Aap-south-1%3A000000000000%3Afunction%3Af"]
)
@pytest.mark.parametrize("query", ["", "?Qualifier=%24LATEST", "?Qualifier=$LATEST", "?Qualifier=1"])
@pytest.mark.parametrize("kind", [None, "RequestResponse", "Event"])
def test_invocations_are_recognised(name: str, query: str, kind: str | None) -> None:
    target = f"{FUNCTIONS}/{name}/invocations{query}"
    head = recognised(block({**INVOKE, "X-Amz-Invocation-Type": kind, "Content-Length": "0"}, target))
    assert head is not None
    assert (head.service, head.operation, head.target, head.waits) == ("lambda", "Invoke", target, True)


def test_subscriptions_are_recognised() -> None:
    head = recognised(block({"X-Amz-Target": "Kinesis_20131202.SubscribeToShard"}))
    assert head is not None
    assert (head.service, head.waits) == ("kinesis", True)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Amz-Invocation-Type": "DryRun"},
        {"X-Amz-Invocation-Type": "event"},
        {"X-Amz-Tenant-Id": "t"},
        {"X-Amz-Durable-Execution-Name": "d"},
        {"X-Amz-Target": "Kinesis_20131202.PutRecord"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Length": str(MAX_BODY_BYTES + 1)},
        {"Content-Encoding": "gzip"},
        {"Expect": "100-continue"},
        {"Authorization": SIGNED},
        {"Host": "id.lambda-url.ap-south-1.localhost.localstack.cloud"},
        {"Origin": "https://example.org"},
    ],
    ids=str,
)
def test_other_invocations_take_the_usual_way(headers: dict[str, str | None]) -> None:
    assert recognised(block({**INVOKE, **headers}, f"{FUNCTIONS}/f/invocations")) is None


@pytest.mark.parametrize(
    "target",
    [
        f"{FUNCTIONS}//invocations",
        f"{FUNCTIONS}/f/invocations/",
        f"{FUNCTIONS}/f/versions",
        f"{FUNCTIONS}/f%2F../invocations",
        f"{FUNCTIONS}/../f/invocations",
        f"{FUNCTIONS}/f%3a1/invocations",
        f"{FUNCTIONS}/f/response-streaming-invocations",
        f"{FUNCTIONS}/f/invocations?Qualifier=",
        f"{FUNCTIONS}/f/invocations?Qualifier=1&Qualifier=2",
        f"{FUNCTIONS}/f/invocations?X-Amz-Signature=0",
        f"{FUNCTIONS}/f/invocations#",
        f"http://127.0.0.1:4566{FUNCTIONS}/f/invocations",
        "/2021-11-15/functions/f/response-streaming-invocations",
        "/_localstack/health",
        "//",
    ],
)
def test_other_targets_take_the_usual_way(target: str) -> None:
    assert recognised(block(INVOKE, target)) is None
    assert recognised(block({}, target)) is None


@pytest.mark.parametrize(
    "first", ["GET / HTTP/1.1", "POST / HTTP/1.0", "POST  / HTTP/1.1", "POST /\t HTTP/1.1", "POST /"]
)
def test_other_request_lines_take_the_usual_way(first: str) -> None:
    _, _, headers = block({}).partition(b"\r\n")
    assert recognised(first.encode() + b"\r\n" + headers) is None
