"""Bodies over AWS's limits are refused with AWS's errors, and take neither memory nor disk."""

import gzip
import http.client
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.ecr.upload_sizes import fits
from pipeline_emulator.gateway.body_limits import LAYER_BYTES

pytestmark = pytest.mark.local_only

MIB = 2**20
INVOKE = "/2015-03-31/functions/f/invocations"
JSON = {"Content-Type": "application/x-amz-json-1.1"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
EVENT = {"X-Amz-Invocation-Type": "Event"}
PUT = {**JSON, "X-Amz-Target": "Kinesis_20131202.PutRecord"}
CHUNKED_PUT = {"method": "PUT", "chunked": True}
CREATE = {**JSON, "X-Amz-Target": "Logs_20140328.CreateLogGroup"}


@dataclass
class Answer:
    status: int
    body: bytes


def chunks(size: int) -> Iterator[bytes]:
    """Yield a body of a size without holding it."""
    for _ in range(size // MIB):
        yield b"a" * MIB
    yield b"a" * (size % MIB)


def send(localstack: Any, service: str, uri: str, headers: dict[str, str], size: int, **options: Any) -> Answer:
    """Send a body of `size` bytes to POST, or to the method in `options`; `chunked` sends it in chunks."""
    connection = http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=120)
    scope = (
        f"AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
    sent = {"Authorization": scope, "X-Amz-Date": "20260101T000000Z", **headers}
    if not options.get("chunked"):
        sent["Content-Length"] = str(size)
    try:
        connection.request(
            options.get("method", "POST"), uri, chunks(size), sent, encode_chunked=bool(options.get("chunked"))
        )
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()


CASES = {
    "kinesis": ("kinesis", "/", PUT, 100 * MIB, {}, 413, b"RequestEntityTooLarge"),
    "kinesis, in chunks": ("kinesis", "/", PUT, 100 * MIB, {"chunked": True}, 413, b"RequestEntityTooLarge"),
    "kinesis, signed for S3": ("s3", "/", PUT, 100 * MIB, {}, 413, b"RequestEntityTooLarge"),
    "logs": ("logs", "/", CREATE, 20 * MIB, {}, 413, b"RequestEntityTooLarge"),
    "iam": ("iam", "/", FORM, 5 * MIB, {}, 413, b"RequestEntityTooLarge"),
    "invoke": ("lambda", INVOKE, {}, 6_291_457, {}, 413, b"6291456 bytes for the InvokeFunction operation"),
    "invoke, in chunks": ("lambda", INVOKE, {}, 7 * MIB, {"chunked": True}, 413, b"RequestEntityTooLargeException"),
    "invoke, asynchronously": ("lambda", INVOKE, EVENT, MIB + 1, {}, 413, b"1048576 bytes"),
    "invoke, signed for nothing": ("", INVOKE, {}, 7 * MIB, {}, 413, b"InvokeFunction"),
    "code": ("lambda", "/2015-03-31/functions", {}, 70_167_212, {}, 413, b"70167211 bytes for the CreateFunction"),
    "a document for S3": ("s3", "/bucket?delete", {}, 5 * MIB, {}, 400, b"MaxMessageLengthExceeded"),
    "a path like the registry's, signed": ("s3", "/v2/any?policy", {}, 5 * MIB, CHUNKED_PUT, 400, b"MaxMessageLength"),
    "a policy for S3": ("s3", "/bucket?policy", {}, 5 * MIB, CHUNKED_PUT, 400, b"MaxMessageLength"),
}  # fmt: skip


@pytest.mark.parametrize(("service", "uri", "headers", "size", "options", "status", "text"), CASES.values(), ids=CASES)
def test_a_body_over_its_limit_is_refused(
    localstack: Any, service: str, uri: str, headers: dict[str, str], size: int, options: Any, status: int, text: bytes
) -> None:
    process = psutil.Process(localstack.process.pid)
    before = process.memory_info().rss
    answer = send(localstack, service, uri, headers, size, **options)
    assert (answer.status, text in answer.body) == (status, True), answer
    assert process.memory_info().rss - before < 20 * MIB


def test_a_declared_object_over_five_gib_is_refused_while_it_arrives(localstack: Any) -> None:
    assert kept_of(localstack, "PUT", "/bucket/key", 6 * 2**30) < MIB


BUFFER = 64 * 1024  # the last bytes that have arrived may not be on disk yet


def kept_of(localstack: Any, method: str, uri: str, size: int, **headers: str) -> int:
    """Return how many bytes of a body of `size` are on disk after the first 8 MiB, and a buffer, have come."""
    with closing(http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=10)) as connection:
        connection.putrequest(method, uri)
        for name, value in {"Content-Length": str(size), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders(b"a" * (8 * MIB + BUFFER))
        found = -1
        while found != (found := deleted_bytes(localstack.process.pid)):
            time.sleep(0.5)  # more may come, and what has arrived may be discarded
        return found


def deleted_bytes(pid: int) -> int:
    """Return the size of the files that a process has open and that have no name any more."""
    found = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed in the meantime
            found += file.stat().st_size if "deleted" in os.readlink(file) else 0
    return found


UPLOAD = "/v2/any/blobs/uploads/any"


@pytest.fixture
def password(localstack: Any) -> str:
    """The value of an Authorization header with a password of the registry."""
    token = localstack.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    return f"Basic {token}"


@pytest.mark.variants
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
def test_a_layer_is_limited_as_it_arrives(localstack: Any, password: str, method: str) -> None:
    """https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html: 52,000 MiB."""
    assert kept_of(localstack, method, UPLOAD, 52_000 * MIB + 1, Authorization=password) < MIB
    assert kept_of(localstack, method, UPLOAD, 52_000 * MIB, Authorization=password) >= 8 * MIB


@pytest.mark.parametrize("authorization", ["", "Basic QVdTOndyb25n", "Bearer x", "Basic", "Basic %"])
def test_who_has_no_password_of_the_registry_fills_no_disk(localstack: Any, authorization: str) -> None:
    assert kept_of(localstack, "PATCH", UPLOAD, 100 * MIB, Authorization=authorization) < MIB
    assert push(localstack, "PATCH", UPLOAD, 10 * MIB, authorization)[0] == 401


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize(("method", "uri"), [("PUT", "/v2/any/manifests/v1"), ("GET", "/v2/any/tags/list")])
def test_a_manifest_is_limited(localstack: Any, password: str, method: str, uri: str, chunked: bool) -> None:
    status, body = push(localstack, method, uri, 4 * MIB + 1, password, chunked=chunked)
    assert (status, json.loads(body)["errors"][0]["code"]) == (413, "SIZE_INVALID")
    assert push(localstack, method, uri, 4 * MIB, password, chunked=chunked)[0] == 404  # there is no such repository


def push(
    localstack: Any, method: str, uri: str, size: int, authorization: str, *, chunked: bool = False
) -> tuple[int, bytes]:
    """Send a body of `size` bytes; return status and body of the response."""
    connection = http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=60)
    headers = {"Authorization": authorization, **({} if chunked else {"Content-Length": str(size)})}
    with closing(connection):
        connection.request(method, uri, chunks(size), headers, encode_chunked=chunked)
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    ("uploaded", "size", "expected"),
    [
        (None, LAYER_BYTES, True),
        ("0-0", LAYER_BYTES, True),
        ("0-9", LAYER_BYTES - 10, True),
        ("0-9", LAYER_BYTES - 9, False),
        ("bytes=0-9", LAYER_BYTES - 9, False),
        (f"0-{LAYER_BYTES - 1}", 0, True),
        (f"0-{LAYER_BYTES - 1}", 1, False),
    ],
)
def test_a_layer_in_several_requests_is_limited_as_a_whole(uploaded: str | None, size: int, expected: bool) -> None:
    assert fits(uploaded, size) is expected


def test_a_gzipped_body_is_decoded_up_to_a_limit(localstack: Any) -> None:
    bomb = gzip.compress(bytes(300 * MIB))
    connection = http.client.HTTPConnection(urlsplit(localstack.endpoint_url).netloc, timeout=60)
    scope = "AWS4-HMAC-SHA256 Credential=test/20260101/ap-south-1/logs/aws4_request, SignedHeaders=host, Signature=0"
    process = psutil.Process(localstack.process.pid)
    before = process.memory_info().rss
    connection.request("POST", "/", bomb, {**CREATE, "Content-Encoding": "gzip", "Authorization": scope})
    with closing(connection):
        answer = connection.getresponse()
        assert (answer.status, b"RequestEntityTooLarge" in answer.read()) == (413, True)
    assert process.memory_info().rss - before < 200 * MIB


def test_bodies_within_their_limits_are_served(localstack: Any, create_stream: Any, create_bucket: Any) -> None:
    kinesis, s3 = localstack.client("kinesis"), localstack.client("s3")
    stream, bucket = create_stream(), create_bucket()
    records = [{"Data": bytes(MIB - 10), "PartitionKey": "key"}] * 5
    assert kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0
    with pytest.raises(ClientError, match="10 MB limit"):
        kinesis.put_records(StreamName=stream, Records=records * 3)
    content = os.urandom(MIB) * 80
    s3.put_object(Bucket=bucket, Key="large", Body=content)
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == content
    upload = {
        "Bucket": bucket,
        "Key": "parts",
        "UploadId": s3.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"],
    }
    part = s3.upload_part(**upload, PartNumber=1, Body=content[: 6 * MIB])
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    keys = [{"Key": f"{index:04}" + "k" * 1000} for index in range(1000)]
    assert len(s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})["Deleted"]) == 1000


def test_a_payload_of_six_mebibytes_reaches_the_function(create_function: Any) -> None:
    function = create_function("def handler(event, context):\n    return len(event)")
    assert function.invoke("a" * (6_291_456 - 2)).payload == 6_291_454


def test_an_asynchronous_payload_of_one_mebibyte_reaches_the_function(
    create_function: Any, create_bucket: Any, localstack: Any, eventually: Any
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
    bucket, s3 = create_bucket(), localstack.client("s3")
    function = create_function(f"""
        import boto3
        def handler(event, context):
            boto3.client("s3").put_object(Bucket="{bucket}", Key=str(len(event)))
    """)
    invoke = localstack.client("lambda").invoke
    wanted = {"FunctionName": function.name, "InvocationType": "Event"}
    assert invoke(**wanted, Payload=b'"' + b"a" * (MIB - 2) + b'"')["StatusCode"] == 202
    with pytest.raises(ClientError) as refused:
        invoke(**wanted, Payload=b'"' + b"a" * (MIB - 1) + b'"')
    assert refused.value.response["Error"]["Code"] == "RequestEntityTooLargeException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413

    def seen() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    eventually(lambda: seen() == [str(MIB - 2)], "the function gets the payload")


POSTING_FUNCTION = """
    import http.client, os

    def handler(event, context):
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        path = f"/2018-06-01/runtime/invocation/{context.aws_request_id}/{event['kind']}"
        body, headers = (b"a" * 2**20 for _ in range(100)), {}
        if not event["chunked"]:
            headers["Content-Length"] = str(100 * 2**20)
        connection.request("POST", path, body, headers, encode_chunked=event["chunked"])
        connection.getresponse().read()
"""


@pytest.mark.variants
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("kind", ["response", "error"])
def test_a_large_answer_of_a_function_is_not_kept(
    localstack: Any, create_function: Any, kind: str, chunked: bool
) -> None:
    function = create_function(POSTING_FUNCTION)
    process = psutil.Process(localstack.process.pid)
    before = process.memory_info().rss
    answer = function.invoke({"kind": kind, "chunked": chunked})
    assert answer.payload["errorType"] == "Function.ResponseSizeTooLarge"
    assert process.memory_info().rss - before < 60 * MIB
