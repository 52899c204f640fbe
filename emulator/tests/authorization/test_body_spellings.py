"""Kinesis reads a body once: in no spelling of CBOR or JSON does a user reach a stream that it is denied."""

import http.client
import json
import struct
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

pytestmark = pytest.mark.local_only
REGION = "ap-south-1"
TYPES = (
    "application/x-amz-json-1.1", "application/x-amz-cbor-1.1", "application/x-amz-cbor-1.1; charset=utf-8",
    "APPLICATION/X-AMZ-CBOR-1.1", "application/cbor", "application/x-amz-cbor-1.1, application/x-amz-json-1.1",
    "application/x-www-form-urlencoded",
)  # fmt: skip
_BYTES, _TEXT, _ARRAY, _MAP, _TAG = 2, 3, 4, 5, 6
type Pairs = list[tuple[bytes, bytes]]


def head(major: int, number: int) -> bytes:
    """Return the first bytes of an item of CBOR: https://www.rfc-editor.org/rfc/rfc8949#section-3."""
    if number < 24:
        return bytes([major << 5 | number])
    return bytes([major << 5 | 25]) + struct.pack(">H", number)


def text(value: str, major: int = _TEXT) -> bytes:
    return head(major, len(value.encode())) + value.encode()


def parts(value: str, major: int = _TEXT) -> bytes:
    """Return a string of indefinite length."""
    return bytes([major << 5 | 31]) + b"".join(text(each, major) for each in value) + b"\xff"


def mapping(pairs: Pairs) -> bytes:
    return head(_MAP, len(pairs)) + b"".join(key + value for key, value in pairs)


def in_cbor(own: str, denied: str) -> Iterator[bytes]:
    """Yield bodies of PutRecord that name the denied stream in some way."""
    name, arn, a, b = text("StreamName"), text("StreamARN"), text(own), text(denied)
    arn_of = f"arn:aws:kinesis:{REGION}:000000000000:stream/{{}}".format
    rest: Pairs = [(text("Data"), text("x", _BYTES)), (text("PartitionKey"), text("k"))]
    tagged = [head(_TAG, number) + b for number in (0, 24, 32, 35, 36)]
    for pairs in (
        [(name, b)], [(name, a), (name, b)], [(name, b), (name, a)],
        [(name, a), (parts("StreamName"), b)], [(parts("StreamName"), b)], [(name, parts(denied))],
        [(name, a), (text("StreamName", _BYTES), b)], [(name, text(denied, _BYTES))], [(name, parts(denied, _BYTES))],
        *([(name, value)] for value in tagged),
        [(name, a), (head(_TAG, 99) + name, b)], [(name, head(_ARRAY, 2) + a + b)],
        [(name, a), (text("streamName"), b)],
        [(arn, text(arn_of(denied)))], [(name, a), (arn, text(arn_of(denied)))], [(name, b), (arn, text(arn_of(own)))],
        [(arn, text(arn_of(own))), (arn, text(arn_of(denied)))], [(name, b"\xf6"), (arn, text(arn_of(denied)))],
        [(arn, text(arn_of(denied).replace(":aws:", ":aws-cn:")))], [(arn, text(arn_of(denied).replace("/", "//")))],
        [(arn, text(arn_of(denied) + "/consumer/c:1"))], [(name, text(f"{denied}\n"))],
        [(name, text(f"{own}\0{denied}"))],
    ):  # fmt: skip
        yield mapping([*pairs, *rest])
        yield b"\xbf" + b"".join(key + value for key, value in [*pairs, *rest]) + b"\xff"
    whole = [mapping([(name, each), *rest]) for each in (a, b)]
    yield from (whole[0] + whole[1], whole[1] + whole[0], head(_TAG, 55799) + whole[1], head(_ARRAY, 1) + whole[1])


def in_json(own: str, denied: str) -> Iterator[bytes]:
    """Yield bodies like those of `in_cbor`."""
    rest = '"Data": "eA==", "PartitionKey": "k"}'
    whole = f'{{"StreamName": "{denied}", {rest}'
    yield from (whole.encode(code) for code in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"))
    yield f'{{"StreamName": "{own}", "StreamName": "{denied}", {rest}'.encode()
    yield f'{{"StreamName": "{own}", "Stream\\u004eame": "{denied}", {rest}'.encode()
    yield f'{{"StreamName": "{"".join(f"\\u{ord(each):04x}" for each in denied)}", {rest}'.encode()
    yield f"[{whole}]".encode()
    yield f"Action=PutRecord&StreamName={denied}&Data=eA%3D%3D&PartitionKey=k".encode()


def send(endpoint: str, keys: dict[str, str], kind: str, body: bytes) -> int:
    """Send a signed PutRecord; return the status."""
    headers = {"X-Amz-Target": "Kinesis_20131202.PutRecord", "Content-Type": kind}
    request = AWSRequest("POST", endpoint, headers, body)
    secrets = Credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    SigV4Auth(secrets, "kinesis", REGION).add_auth(request)
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=60)
    try:
        connection.request("POST", "/", body, dict(request.headers.items()))
        return connection.getresponse().status
    finally:
        connection.close()


def test_no_spelling_of_a_body_reaches_the_denied_stream(
    root: Callable[[str], Any], make_user: Any, localstack: Any
) -> None:
    kinesis, suffix = root("kinesis"), uuid.uuid4().hex[:8]
    own, denied = f"mine-{suffix}", f"other-{suffix}"
    for name in (own, denied):
        kinesis.create_stream(StreamName=name, ShardCount=4)
        kinesis.get_waiter("stream_exists").wait(StreamName=name)
    arn = f"arn:aws:kinesis:{REGION}:000000000000:stream/"
    statement = {"Action": "kinesis:*", "Resource": f"{arn}{own}"}
    user = make_user(statement, {**statement, "Effect": "Deny", "Resource": f"{arn}{denied}"})
    spellings = [*in_cbor(own, denied), *in_json(own, denied)]
    found = [send(localstack.endpoint_url, user.credentials, kind, body) for body in spellings for kind in TYPES]
    assert all(status < 500 for status in found)
    assert found.count(200) > 10  # those in which the service finds the user's own stream
    assert records(kinesis, denied) == []
    plain = json.dumps({"StreamName": denied, "Data": "eA==", "PartitionKey": "k"}).encode()
    root_keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    assert send(localstack.endpoint_url, root_keys, TYPES[0], plain) == 200
    assert len(records(kinesis, denied)) == 1  # the check above would see a record


def records(kinesis: Any, stream: str) -> list[Any]:
    """Return all records of a stream."""
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        found += kinesis.get_records(ShardIterator=iterator)["Records"]
    return found
