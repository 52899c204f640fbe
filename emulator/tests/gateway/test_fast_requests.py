"""Requests that are served fast have the same answers, errors and headers as by the usual way, and the same refusals.

Each request is sent twice: as an SDK sends it, and with a header that no SDK sends, which takes the usual way.
"""

import base64
import json
import uuid
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest
from botocore.model import ListShape, Shape, StringShape, StructureShape
from hypothesis import given
from hypothesis import strategies as st
from localstack.aws.spec import load_service

from pipeline_emulator.gateway.fast import messages
from pipeline_emulator.gateway.fast.request_head import OPERATIONS

pytestmark = pytest.mark.local_only

REGION = "ap-south-1"
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"
STREAM = f"fast-{uuid.uuid4().hex[:8]}"
SERVICE = load_service("kinesis")


@pytest.fixture(scope="module", autouse=True)
def stack(localstack: Any) -> Iterator[Any]:
    """The shared LocalStack with a stream of three shards; a record of each kind is in it."""
    kinesis = localstack.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=3)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    for number, data in enumerate([b"", b"\x00\xff", "é".encode(), b'{"a": 1}', b"x" * 1000]):
        kinesis.put_record(StreamName=STREAM, Data=data or b"0", PartitionKey=f"k\N{SNOWMAN}{number}")
    yield localstack
    kinesis.delete_stream(StreamName=STREAM)


@pytest.fixture(scope="module")
def iterators(stack: Any) -> list[str]:
    """An iterator at the beginning of each shard, one at an end, and one that nobody has issued."""
    kinesis = stack.client("kinesis")

    def iterator(shard: int, kind: str) -> str:
        name = f"shardId-{shard:012}"
        found = kinesis.get_shard_iterator(StreamName=STREAM, ShardId=name, ShardIteratorType=kind)
        return str(found["ShardIterator"])

    return [*(iterator(shard, "TRIM_HORIZON") for shard in range(3)), iterator(0, "LATEST"), "AAAA"]


def test_the_decoders_know_all_members_of_the_model() -> None:
    assert {each.__name__ for each in messages.PARAMETERS} == OPERATIONS
    for each in messages.PARAMETERS:
        shape = SERVICE.operation_model(each.__name__).input_shape
        assert shape is not None
        assert each.__annotations__.keys() == shape.members.keys(), each.__name__


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=3,
)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "StreamName": st.sampled_from([STREAM, STREAM, STREAM, "missing", ""]),
    "StreamARN": st.sampled_from(
        [f"arn:aws:kinesis:{REGION}:000000000000:stream/{STREAM}", f"arn:aws:kinesis:us-east-1:0:stream/{STREAM}", "a"]
    ),
    "PartitionKey": st.text(min_size=1, max_size=5) | st.text(min_size=255, max_size=257),
    "ExplicitHashKey": st.sampled_from(["0", "1", str(2**128 - 1), str(2**128), "-1", "01", "a", ""]),
    "ShardId": st.sampled_from([f"shardId-{n:012}" for n in range(4)] + ["shardId-1", "a"]),
    "ShardIteratorType": st.sampled_from(
        ["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER", "NONE"]
    ),
    "Limit": st.integers(-1, 10_001) | st.sampled_from([1.0, 1.5, 2**31, -(2**31) - 1]),
    "Timestamp": st.floats(0, 2e9) | st.integers(0, 10**15) | st.sampled_from([-1, 1e300, 0.0015]),
}


def _value(shape: Shape) -> st.SearchStrategy[Any]:
    """Return valid and invalid values of a shape, as Python objects with bytes."""
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return st.lists(_value(shape.member), max_size=4)
    if isinstance(shape, StringShape):
        return st.text(max_size=8) | st.from_regex(r"[0-9]{1,56}", fullmatch=True)
    return st.binary(max_size=40) if shape.type_name == "blob" else st.integers(-5, 5)


def _structure(shape: StructureShape) -> st.SearchStrategy[Any]:
    usual = {name: LIKELY.get(name, _value(member)) for name, member in shape.members.items()}
    needed = {name: usual[name] for name in {*shape.required_members, *({"StreamName"} & usual.keys())}}
    optional = {name: usual[name] for name in usual.keys() - needed.keys() - {"StreamId"}}
    common = st.fixed_dictionaries(needed, optional=optional)
    odd = st.tuples(common, st.sampled_from([*usual, "Unknown"]), JUNK).map(lambda of: {**of[0], of[1]: of[2]})
    missing = st.tuples(common, st.sampled_from(sorted(needed))).map(
        lambda of: {name: value for name, value in of[0].items() if name != of[1]}
    )
    return common | common | odd | missing


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


@pytest.mark.property
@pytest.mark.parametrize("mime", [JSON, CBOR])
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_requests_made_from_the_model_have_the_same_answers(
    operation: str, mime: str, sender: Any, iterators: list[str]
) -> None:
    shape = SERVICE.operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)

    @given(_structure(shape), st.sampled_from(iterators))
    def same(parameters: dict[str, Any], iterator: str) -> None:
        if operation == "GetRecords" and isinstance(parameters.get("ShardIterator"), str):
            parameters = {**parameters, "ShardIterator": iterator}
        body = cbor2.dumps(parameters) if mime == CBOR else json.dumps(_plain(parameters)).encode()
        status, _, _ = sender.compare(sender.signed(operation, body, mime), body)
        assert status in (200, 400)

    same()


@pytest.mark.property
@given(change=st.tuples(st.integers(0, 200), st.binary(max_size=3)))
def test_damaged_json_has_the_same_answers(sender: Any, change: tuple[int, bytes]) -> None:
    at, bytes_ = change
    whole = json.dumps({"StreamName": STREAM, "Records": [{"Data": "aGk=", "PartitionKey": "k", "Unknown": "u"}]})
    body = whole.encode()[:at] + bytes_ + whole.encode()[at + 1 :]
    sender.compare(sender.signed("PutRecords", body), body)


@pytest.mark.parametrize(
    "data",
    ["", "a", "aGk", "aGk=", "aGl=", "aGk==", "a-_=", "aGk\\u003d", "aG k=", "aGk=\\n", "\\ud800", "aGk=aGk="],
)
def test_base64_is_read_alike(sender: Any, data: str) -> None:
    body = f'{{"StreamName": "{STREAM}", "PartitionKey": "k", "Data": "{data}"}}'.encode()
    sender.compare(sender.signed("PutRecord", body), body)


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"null",
        b"[]",
        b"\xef\xbb\xbf{}",
        b'{"x": "\xff", "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": NaN, "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": 1e999, "StreamName": "a", "Data": "", "PartitionKey": "k"}',
        b'{"x": ' + b"[" * 100_000 + b"}",
        b'{"StreamName": "a", "StreamName": "b", "Data": "", "PartitionKey": "k"}',
        b'{"StreamName": "a", "Data": "", "PartitionKey": "k"} x',
    ],
    ids=lambda body: str(body[:30]),
)
def test_odd_json_is_read_alike(sender: Any, body: bytes) -> None:
    sender.compare(sender.signed("PutRecord", body), body)


BODY = json.dumps({"StreamName": STREAM, "Data": "aGk=", "PartitionKey": "k"}).encode()


def test_requests_are_logged(stack: Any, sender: Any) -> None:
    before = stack.log().count("AWS kinesis.PutRecord => 200")
    sender.send(sender.signed("PutRecord", BODY), BODY)
    assert stack.log().count("AWS kinesis.PutRecord => 200") == before + 1
