"""Requests that AWS refuses or reads in its own way, in a real LocalStack.

Texts and codes are those that AWS gave to the tests of https://github.com/mhart/kinesalite, which ran against it, or
from the documents at each test.
"""

import base64
import contextlib
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.kinesis.streams.consumers import Consumer
from pipeline_emulator.kinesis.streams.errors import ResourceInUseError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.subscriptions import Subscriptions

pytestmark = pytest.mark.local_only

ACCOUNT, OTHER = "000000000000", "111111111111"
FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"
MIB = 2**20
JSON, CBOR = "application/x-amz-json-1.1", "application/x-amz-cbor-1.1"


@pytest.fixture(scope="module")
def kinesis(localstack: Any) -> Any:
    """A client that sends requests without validating them."""
    return localstack.client("kinesis", parameter_validation=False)


@pytest.fixture
def send(localstack: Any) -> Callable[..., tuple[int, bytes]]:
    """Return a function that sends a body as it is, or a value as JSON or CBOR, and returns status and body."""

    def call(
        operation: str, body: Any, kind: str = JSON, account: str = "test", region: str = "ap-south-1"
    ) -> tuple[int, bytes]:
        encoded = cbor2.dumps(body) if kind == CBOR else json.dumps(body).encode()
        scope = f"{account}/20260101/{region}/kinesis/aws4_request"
        headers = {
            "Content-Type": kind,
            "X-Amz-Target": f"Kinesis_20131202.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        }
        wanted = urllib.request.Request(localstack.endpoint_url, encoded, headers)
        try:
            answer = urllib.request.urlopen(wanted, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.read()

    return call


def refusal(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    """Return code and message of a request that is refused with status 400."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def arn(stream: str, region: str = "ap-south-1") -> str:
    return f"arn:aws:kinesis:{region}:{ACCOUNT}:stream/{stream}"


def put(kinesis: Any, stream: str, *data: bytes) -> list[str]:
    """Put records with one key and return their numbers."""
    return [str(kinesis.put_record(StreamName=stream, Data=one, PartitionKey="a")["SequenceNumber"]) for one in data]


# Sizes: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html


def test_a_request_has_up_to_10_mib(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    records = [{"Data": bytes(MIB - 1), "PartitionKey": "a"}] * 10
    assert kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"] == 0
    more = [*records, {"Data": bytes(10), "PartitionKey": "b"}]
    assert refusal(kinesis.put_records, StreamName=stream, Records=more)[0] == "InvalidArgumentException"
    assert refusal(kinesis.put_records, StreamName=stream, Records=records * 2)[0] == "InvalidArgumentException"


def test_a_stream_has_the_record_size_that_is_set(kinesis: Any, create_stream: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateMaxRecordSize.html."""
    stream = create_stream(MaxRecordSizeInKiB=10_240)
    largest = bytes(10 * MIB - 1)
    put(kinesis, stream, largest)
    assert refusal(kinesis.put_record, StreamName=stream, Data=largest + b"x", PartitionKey="a")[0] == (
        "ValidationException"
    )
    kinesis.update_max_record_size(StreamARN=arn(stream), MaxRecordSizeInKiB=1024)
    assert refusal(kinesis.put_record, StreamName=stream, Data=bytes(MIB), PartitionKey="a")[0] == (
        "ValidationException"
    )
    for size in (1023, 10_241):
        request = {"StreamARN": arn(stream), "MaxRecordSizeInKiB": size}
        assert refusal(kinesis.update_max_record_size, **request)[0] == "ValidationException"


@pytest.mark.long_proof
def test_a_limited_shard_takes_a_large_record_and_rests_afterwards(
    start_localstack: Callable[..., Any], create_stream: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/streams/latest/dev/large-records.html: a shard bursts, then throttles."""
    where = start_localstack(KINESIS_ENFORCE_LIMITS="1")
    stream = create_stream(where=where, MaxRecordSizeInKiB=10_240)
    kinesis = where.client("kinesis")
    put(kinesis, stream, bytes(8 * MIB))
    throttled = refusal(kinesis.put_record, StreamName=stream, Data=bytes(1000), PartitionKey="a")
    assert throttled[0] == "ProvisionedThroughputExceededException"


# Types


@pytest.mark.parametrize("data", [5, True, [], {}, "a", "YQ", "Y Q==", "YQ==\n", "_-==", "=", "YQ==YQ==", "\u00fc"])
def test_data_that_is_not_base64_is_refused(
    send: Callable[..., tuple[int, bytes]], create_stream: Callable[..., str], data: Any
) -> None:
    stream = create_stream()
    status, body = send("PutRecord", {"StreamName": stream, "Data": data, "PartitionKey": "a"})
    assert (status, json.loads(body)["__type"]) == (400, "SerializationException")
    right = {"StreamName": stream, "Data": base64.b64encode(b"a").decode(), "PartitionKey": "a"}
    assert send("PutRecord", right)[0] == 200


@pytest.mark.parametrize("data", ["text", 5, [], {}])
def test_cbor_data_is_bytes(
    send: Callable[..., tuple[int, bytes]], create_stream: Callable[..., str], data: Any
) -> None:
    stream = create_stream()
    status, body = send("PutRecord", {"StreamName": stream, "Data": data, "PartitionKey": "a"}, CBOR)
    assert (status, cbor2.loads(body)["__type"]) == (400, "SerializationException")
    assert send("PutRecord", {"StreamName": stream, "Data": b"a", "PartitionKey": "a"}, CBOR)[0] == 200


@pytest.mark.parametrize("moment", ["1795942204", "2026-01-01T00:00:00Z", True, [], {}])
def test_times_are_numbers(
    send: Callable[..., tuple[int, bytes]], create_stream: Callable[..., str], moment: Any
) -> None:
    wanted = {"StreamName": create_stream(), "ShardId": FIRST, "ShardIteratorType": "AT_TIMESTAMP"}
    status, body = send("GetShardIterator", {**wanted, "Timestamp": moment})
    assert (status, json.loads(body)["__type"]) == (400, "SerializationException")
    assert send("GetShardIterator", {**wanted, "Timestamp": time.time() - 1})[0] == 200


@pytest.mark.parametrize("factor", [1.01, 1e3, 1e6, 1e9, 1e200])
def test_times_in_the_future_are_refused_whatever_their_unit(
    send: Callable[..., tuple[int, bytes]], create_stream: Callable[..., str], factor: float
) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html, and aws/aws-sdk-java#2588."""
    wanted = {"StreamName": create_stream(), "ShardId": FIRST, "ShardIteratorType": "AT_TIMESTAMP"}
    status, body = send("GetShardIterator", {**wanted, "Timestamp": time.time() * factor})
    assert (status, json.loads(body)["__type"]) == (400, "InvalidArgumentException")
    assert "cannot be greater than the currentTimestampInMillis" in json.loads(body)["message"]
    for value in (time.time() * 1000 * factor, cbor2.CBORTag(1, time.time() * 1000 * factor)):
        status, body = send("GetShardIterator", {**wanted, "Timestamp": value}, CBOR)
        assert (status, cbor2.loads(body)["__type"]) == (400, "InvalidArgumentException")
    past = cbor2.CBORTag(1, int(time.time() * 1000) - 1000)
    assert send("GetShardIterator", {**wanted, "Timestamp": past}, CBOR)[0] == 200


# Positions


def test_a_position_has_what_its_type_needs_and_no_more(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    [number] = put(kinesis, stream, b"one")
    either = (
        "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or (2)"
        " TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified {} and {} StartingSequenceNumber."
    )
    wanted = {"StreamName": stream, "ShardId": FIRST}
    for kind in ("TRIM_HORIZON", "LATEST"):
        request = {**wanted, "ShardIteratorType": kind, "StartingSequenceNumber": number}
        message = either.format(kind, "also a")
        assert refusal(kinesis.get_shard_iterator, **request) == ("InvalidArgumentException", message)
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        message = either.format(kind, "no")
        request = {**wanted, "ShardIteratorType": kind}
        assert refusal(kinesis.get_shard_iterator, **request) == ("InvalidArgumentException", message)
    request = {**wanted, "ShardIteratorType": "AT_TIMESTAMP", "StartingSequenceNumber": number}
    assert refusal(kinesis.get_shard_iterator, **request)[0] == "InvalidArgumentException"
    message = (
        "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp"
        " parameter."
    )
    request = {**wanted, "ShardIteratorType": "AT_TIMESTAMP"}
    assert refusal(kinesis.get_shard_iterator, **request) == ("InvalidArgumentException", message)


@pytest.mark.parametrize("name", ["0", "shardId-0", "x-0", "00", FIRST])
def test_short_names_of_shards_are_found(kinesis: Any, create_stream: Callable[..., str], name: str) -> None:
    stream = create_stream()
    put(kinesis, stream, b"one")
    answer = kinesis.get_shard_iterator(StreamName=stream, ShardId=name, ShardIteratorType="TRIM_HORIZON")
    assert [one["Data"] for one in kinesis.get_records(ShardIterator=answer["ShardIterator"])["Records"]] == [b"one"]


def test_unknown_shards_are_not_found(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream()
    place = f"in stream {stream} under account {ACCOUNT}"
    get = {"StreamName": stream, "ShardIteratorType": "LATEST"}
    for name in ("foo", "1e1", "shardId-2147483648", "shardId--1"):
        message = f"Could not find shard {name} {place}."
        assert refusal(kinesis.get_shard_iterator, **get, ShardId=name) == ("ResourceNotFoundException", message)
        split = {"StreamName": stream, "ShardToSplit": name, "NewStartingHashKey": "5"}
        assert refusal(kinesis.split_shard, **split) == ("ResourceNotFoundException", message)
    message = f"Shard shardId-000000000009 {place} does not exist"
    assert refusal(kinesis.get_shard_iterator, **get, ShardId="9") == ("ResourceNotFoundException", message)


def test_reshardings_take_short_names_the_order_of_ranges_and_keys_within(
    kinesis: Any, create_stream: Callable[..., str]
) -> None:
    stream = create_stream(2)
    for key in ("0", str(2**128 - 1), str(2**128), "9" * 39):
        code, message = refusal(kinesis.split_shard, StreamName=stream, ShardToSplit="0", NewStartingHashKey=key)
        assert code == "InvalidArgumentException"
        assert message.startswith(f"NewStartingHashKey {key} used in SplitShard() on shard {FIRST} in stream {stream}")
    inverted = {"StreamName": stream, "ShardToMerge": SECOND, "AdjacentShardToMerge": FIRST}
    message = f"Shards {SECOND} and {FIRST} in stream {stream} under account {ACCOUNT} are not an adjacent pair of"
    code, text = refusal(kinesis.merge_shards, **inverted)
    assert (code, text) == ("InvalidArgumentException", f"{message} shards eligible for merging")
    kinesis.merge_shards(StreamName=stream, ShardToMerge="0", AdjacentShardToMerge="shardId-1")
    assert len(kinesis.list_shards(StreamName=stream)["Shards"]) == 3


def test_a_consumer_has_one_subscription_to_a_shard(kinesis: Any, create_stream: Callable[..., str]) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html: for five seconds at least."""
    stream = create_stream(2)
    register = kinesis.register_stream_consumer
    consumers = [register(StreamARN=arn(stream), ConsumerName=name)["Consumer"]["ConsumerARN"] for name in ("a", "b")]
    start = {"Type": "LATEST"}

    def subscribe(consumer: str, shard: str) -> Any:
        return kinesis.subscribe_to_shard(ConsumerARN=consumer, ShardId=shard, StartingPosition=start)["EventStream"]

    with contextlib.ExitStack() as opened:
        for consumer, shard in ((consumers[0], FIRST), (consumers[0], SECOND), (consumers[1], FIRST)):
            opened.enter_context(contextlib.closing(subscribe(consumer, shard)))
        again = {"ConsumerARN": consumers[0], "ShardId": FIRST, "StartingPosition": start}
        assert refusal(kinesis.subscribe_to_shard, **again) == (
            "ResourceInUseException",
            f"Another active subscription exists for this consumer: {ACCOUNT}:{stream}:{FIRST}:a",
        )


def test_a_later_subscription_replaces_the_earlier_one() -> None:
    now = 0.0
    subscriptions = Subscriptions(clock=lambda: now)
    consumer = Consumer(StreamName(ACCOUNT, "ap-south-1", "s"), "a", 1.0, {})
    first = subscriptions.begin(consumer, FIRST)
    now = 5.0
    second = subscriptions.begin(consumer, FIRST)
    assert (first.is_set(), second.is_set()) == (True, False)
    now = 9.9
    with pytest.raises(ResourceInUseError):
        subscriptions.begin(consumer, FIRST)
    assert not second.is_set()


def test_a_continuation_is_after_the_records_read_and_before_the_next(
    kinesis: Any, create_stream: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShardEvent.html: for both positions.

    Recorded on AWS: it is not the number of the last record.
    """
    stream = create_stream()

    def event(**position: Any) -> Any:
        name = uuid.uuid4().hex  # a consumer subscribes again after five seconds
        consumer = kinesis.register_stream_consumer(StreamARN=arn(stream), ConsumerName=name)["Consumer"]
        answer = kinesis.subscribe_to_shard(
            ConsumerARN=consumer["ConsumerARN"], ShardId=FIRST, StartingPosition=position
        )
        with contextlib.closing(answer["EventStream"]) as events:
            return next(iter(events))["SubscribeToShardEvent"]

    empty = event(Type="TRIM_HORIZON")
    assert empty["Records"] == []
    numbers = put(kinesis, stream, b"0", b"1", b"2")
    first = event(Type="AT_SEQUENCE_NUMBER", SequenceNumber=empty["ContinuationSequenceNumber"])
    assert [one["SequenceNumber"] for one in first["Records"]] == numbers
    reached = first["ContinuationSequenceNumber"]
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        nothing = event(Type=kind, SequenceNumber=reached)
        assert (nothing["Records"], nothing["ContinuationSequenceNumber"]) == ([], reached)
    [number] = put(kinesis, stream, b"3")
    assert int(numbers[-1]) < int(reached) < int(number)
    for kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        assert [one["Data"] for one in event(Type=kind, SequenceNumber=reached)["Records"]] == [b"3"]
    assert [one["Data"] for one in event(Type="AT_SEQUENCE_NUMBER", SequenceNumber=numbers[2])["Records"]] == [
        b"2",
        b"3",
    ]


# Accounts and regions


def test_a_stream_belongs_to_its_account_and_region(
    send: Callable[..., tuple[int, bytes]], kinesis: Any, create_stream: Callable[..., str]
) -> None:
    """https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html: a policy shares a stream."""
    stream = create_stream()
    record = {"StreamARN": arn(stream), "Data": "YQ==", "PartitionKey": "a"}
    allowed = {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kinesis:PutRecord", "Resource": arn(stream)}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    for operation, request in {
        "DeleteStream": {"StreamARN": arn(stream)},
        "DescribeStreamSummary": {"StreamARN": arn(stream)},
        "PutRecord": record,
        "TagResource": {"ResourceARN": arn(stream), "Tags": {"a": "b"}},
        "PutResourcePolicy": {"ResourceARN": arn(stream), "Policy": policy},
    }.items():
        status, body = send(operation, request, account=OTHER)
        assert (status, json.loads(body)["__type"]) == (400, "AccessDeniedException"), operation
        status, body = send(operation, request, region="us-east-1")
        assert (status, json.loads(body)["__type"]) == (400, "ResourceNotFoundException"), operation
    kinesis.put_resource_policy(ResourceARN=arn(stream), Policy=policy)
    assert send("PutRecord", record, account=OTHER)[0] == 200
    assert send("DeleteStream", {"StreamARN": arn(stream)}, account=OTHER)[0] == 400


# Tags and bodies


@pytest.mark.parametrize("tags", [{"a&b": "x"}, {"a": "x*"}, {"a?": ""}, {"aws:a": "x"}, {"AWS:a": "x"}])
def test_tags_have_allowed_characters_and_no_reserved_prefix(
    kinesis: Any, create_stream: Callable[..., str], tags: dict[str, str]
) -> None:
    """https://docs.aws.amazon.com/streams/latest/dev/tagging.html (restrictions)."""
    stream, missing = create_stream(), f"stream-{uuid.uuid4().hex[:8]}"
    for call, request in (
        (kinesis.add_tags_to_stream, {"StreamName": stream}),
        (kinesis.tag_resource, {"ResourceARN": arn(stream)}),
        (kinesis.register_stream_consumer, {"StreamARN": arn(stream), "ConsumerName": "c"}),
        (kinesis.create_stream, {"StreamName": missing, "ShardCount": 1}),
    ):
        assert refusal(call, **request, Tags=tags)[0] == "InvalidArgumentException"
    assert kinesis.list_tags_for_stream(StreamName=stream)["Tags"] == []
    assert kinesis.list_stream_consumers(StreamARN=arn(stream))["Consumers"] == []
    assert missing not in kinesis.list_streams()["StreamNames"]
    kinesis.add_tags_to_stream(StreamName=stream, Tags={"k\u00e9 _./=+-%@": "\u65e5\u672c 1"})


@pytest.mark.parametrize("kind", [JSON, CBOR])
def test_operations_without_an_output_have_no_body(
    send: Callable[..., tuple[int, bytes]], create_stream: Callable[..., str], kind: str
) -> None:
    stream = create_stream()
    for operation, request in {
        "AddTagsToStream": {"StreamName": stream, "Tags": {"a": "b"}},
        "RemoveTagsFromStream": {"StreamName": stream, "TagKeys": ["a"]},
        "IncreaseStreamRetentionPeriod": {"StreamName": stream, "RetentionPeriodHours": 48},
        "SplitShard": {"StreamName": stream, "ShardToSplit": FIRST, "NewStartingHashKey": "5"},
    }.items():
        assert send(operation, request, kind) == (200, b""), operation
    assert send("ListTagsForStream", {"StreamName": stream}, kind)[1] != b""
