"""Subscriptions that are served fast have the same events, errors and headers as by the usual way."""

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import cbor2
import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.local_only

STREAM = f"subscriptions-{uuid.uuid4().hex[:8]}"
FIRST = "shardId-000000000000"
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"


@pytest.fixture(scope="module")
def register(localstack: Any) -> Iterator[Callable[[], str]]:
    """Return a factory of consumers, by ARN, of a stream whose first shard has records and was then split."""
    kinesis = localstack.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    for data in (b"\x00\xff", "é".encode(), b"x" * 1000):
        kinesis.put_record(StreamName=STREAM, Data=data, PartitionKey="k\N{SNOWMAN}")
    kinesis.split_shard(StreamName=STREAM, ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    kinesis.get_waiter("stream_exists").wait(StreamName=STREAM)
    arn = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{STREAM}"

    def register() -> str:
        made = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName=uuid.uuid4().hex)
        return str(made["Consumer"]["ConsumerARN"])

    yield register
    kinesis.delete_stream(StreamName=STREAM, EnforceConsumerDeletion=True)


@pytest.fixture
def subscribe(sender: Any) -> Callable[..., Any]:
    """Return a function that subscribes, by the usual way if `usual`, and returns the answer."""

    def call(parameters: dict[str, Any], mime: str, *, usual: bool) -> Any:
        body = cbor2.dumps(parameters) if mime == CBOR else json.dumps(parameters).encode()
        headers = sender.signed("SubscribeToShard", body, mime)
        return sender.send({**headers, **({"X-Usual-Way": "1"} if usual else {})}, body)

    return call


def _parameters(consumer: str, **position: Any) -> dict[str, Any]:
    return {"ConsumerARN": consumer, "ShardId": FIRST, "StartingPosition": position}


def _events(content: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    buffer.add_data(content)
    return [(event.headers, _plain(event.payload)) for event in buffer]


def _plain(payload: bytes) -> Any:
    return json.loads(payload) if payload[:1] == b"{" else payload


@pytest.mark.parametrize("mime", [JSON, CBOR])
def test_both_ways_send_the_same_events(register: Callable[[], str], subscribe: Callable[..., Any], mime: str) -> None:
    """The shard is closed, so its subscriptions end."""
    answers = [subscribe(_parameters(register(), Type="TRIM_HORIZON"), mime, usual=usual) for usual in (False, True)]
    (status, fast, content), (_, usual, others) = answers
    events = _events(content)
    assert (status, events) == (200, _events(others))
    assert {**fast, "date": ""} == {**usual, "date": ""}
    assert [headers[":event-type"] for headers, _ in events][:2] == ["initial-response", "SubscribeToShardEvent"]
    assert mime == CBOR or len(events[1][1]["Records"]) == 3


@pytest.mark.property
@pytest.mark.parametrize("mime", [JSON, CBOR])
def test_refused_subscriptions_have_the_same_errors(register: Callable[[], str], sender: Any, mime: str) -> None:
    valid = _parameters(register(), Type="LATEST")
    wrong = {
        "ConsumerARN": st.sampled_from(
            ["", "a", valid["ConsumerARN"] + "0", 1, None, [], "arn:aws:kinesis:a:0:stream/s"]
        ),
        "ShardId": st.sampled_from(["shardId-000000000009", "", "a b", 1, None, {}]),
        "StartingPosition": st.sampled_from(
            [
                {},
                None,
                [],
                {"Type": "NONE"},
                {"Type": "AT_TIMESTAMP"},
                {"Type": "AT_TIMESTAMP", "Timestamp": "x"},
                {"Type": "AT_TIMESTAMP", "Timestamp": 1e300},
                {"Type": "AT_SEQUENCE_NUMBER"},
                {"Type": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": "x"},
                {"Type": "AT_SEQUENCE_NUMBER", "SequenceNumber": "1"},
            ]
        ),
    }
    changes = st.sampled_from(sorted(wrong)).flatmap(lambda name: wrong[name].map(lambda value: {name: value}))

    @given(changes, st.booleans())
    def same(change: dict[str, Any], missing: bool) -> None:
        found = {**valid, **change}
        parameters = {name: value for name, value in found.items() if not (missing and name in change)}
        body = cbor2.dumps(parameters) if mime == CBOR else json.dumps(parameters).encode()
        assert sender.compare(sender.signed("SubscribeToShard", body, mime), body)[0] == 400

    same()


def test_a_second_subscription_is_refused_by_either_way(
    register: Callable[[], str], subscribe: Callable[..., Any]
) -> None:
    parameters = _parameters(register(), Type="LATEST")
    assert subscribe(parameters, JSON, usual=True)[0] == 200
    assert "ResourceInUseException" in str(subscribe(parameters, JSON, usual=False))
