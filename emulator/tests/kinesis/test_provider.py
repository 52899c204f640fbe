"""The provider in a real LocalStack, called with boto3: responses, errors, waiters and paginators."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

ACCOUNT = "000000000000"
FIRST = "shardId-000000000000"
MIB = 2**20


@pytest.fixture(scope="module")
def kinesis(localstack: Any) -> Any:
    """A client that sends requests without validating them."""
    return localstack.client("kinesis", parameter_validation=False)


@pytest.fixture
def stream(create_stream: Callable[..., str]) -> str:
    """A stream with one shard."""
    return create_stream()


@pytest.fixture
def fails(kinesis: Any) -> Callable[..., str]:
    """Return a function that calls an operation, checks its error code and returns the message."""

    def call(code: str, operation: str, **request: Any) -> str:
        with pytest.raises(ClientError) as raised:
            getattr(kinesis, operation)(**request)
        assert raised.value.response["Error"]["Code"] == code
        assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return str(raised.value.response["Error"]["Message"])

    return call


def arn(stream: str) -> str:
    return f"arn:aws:kinesis:ap-south-1:{ACCOUNT}:stream/{stream}"


def iterator(kinesis: Any, stream: str, kind: str = "TRIM_HORIZON", shard: str = FIRST, **arguments: Any) -> str:
    answer = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType=kind, **arguments)
    return str(answer["ShardIterator"])


def test_reads_from_a_timestamp_are_exact_to_the_millisecond(kinesis: Any, stream: str) -> None:
    for number in range(3):  # at least two of them within one second
        kinesis.put_record(StreamName=stream, Data=str(number).encode(), PartitionKey="a")
        time.sleep(0.05)
    everything = kinesis.get_records(ShardIterator=iterator(kinesis, stream))["Records"]
    for place, record in enumerate(everything):
        start = iterator(kinesis, stream, "AT_TIMESTAMP", Timestamp=record["ApproximateArrivalTimestamp"])
        assert kinesis.get_records(ShardIterator=start)["Records"] == everything[place:]


def test_records_are_read_as_they_were_put(kinesis: Any, stream: str) -> None:
    before = datetime.now(UTC)
    one = kinesis.put_record(StreamARN=arn(stream), Data=b"\x00\xff", PartitionKey="ключ")
    many = kinesis.put_records(StreamName=stream, Records=[{"Data": b"", "PartitionKey": "a"}] * 500)
    assert many["FailedRecordCount"] == 0
    answer = kinesis.get_records(ShardIterator=iterator(kinesis, stream), StreamARN=arn(stream))
    assert len(answer["Records"]) == 501
    assert answer["MillisBehindLatest"] == 0
    first = answer["Records"][0]
    assert (first["Data"], first["PartitionKey"]) == (b"\x00\xff", "ключ")
    assert first["SequenceNumber"] == one["SequenceNumber"]
    assert -1 < (first["ApproximateArrivalTimestamp"] - before).total_seconds() < 10
    assert [r["SequenceNumber"] for r in answer["Records"][1:]] == [r["SequenceNumber"] for r in many["Records"]]
    rest = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    assert rest["Records"] == []


def test_partition_keys_go_to_the_shard_of_their_hash(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream(4)
    shards = kinesis.list_shards(StreamName=stream)["Shards"]
    keys = [str(number) for number in range(50)]
    answer = kinesis.put_records(StreamName=stream, Records=[{"Data": b"x", "PartitionKey": key} for key in keys])
    for key, result in zip(keys, answer["Records"], strict=True):
        [shard] = [shard for shard in shards if shard["ShardId"] == result["ShardId"]]
        hash_key = int(hashlib.md5(key.encode()).hexdigest(), 16)
        limits = shard["HashKeyRange"]
        assert int(limits["StartingHashKey"]) <= hash_key <= int(limits["EndingHashKey"])


def test_stream_without_a_number_of_shards_has_four_and_is_on_demand(kinesis: Any) -> None:
    """Recorded on AWS: four shards. One parameter alone decides, so the mode follows from it."""
    name = f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name)
    summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["StreamModeDetails"]["StreamMode"]) == (4, "ON_DEMAND")
    kinesis.delete_stream(StreamName=name)


def test_iterator_in_quotes_is_served(kinesis: Any, fails: Callable[..., str], stream: str) -> None:
    """Recorded on AWS; quotes are left by shells and by the AWS CLI's --query."""
    kinesis.put_record(StreamName=stream, Data=b"one", PartitionKey="a")
    text = iterator(kinesis, stream)
    records = kinesis.get_records(ShardIterator=f'"{text}"')["Records"]
    assert [record["Data"] for record in records] == [b"one"]
    for malformed in (f'"{text}', f'{text}"', f'""{text}""', '"', '""'):
        fails("InvalidArgumentException", "get_records", ShardIterator=malformed)


def test_missing_and_existing_streams(fails: Callable[..., str], stream: str) -> None:
    message = f"Stream missing under account {ACCOUNT} not found."
    for operation in ("describe_stream", "describe_stream_summary", "list_shards", "delete_stream"):
        assert fails("ResourceNotFoundException", operation, StreamName="missing") == message
    put = {"Data": b"x", "PartitionKey": "a"}
    assert fails("ResourceNotFoundException", "put_record", StreamARN=arn("missing"), **put) == message
    message = f"Stream {stream} under account {ACCOUNT} already exists."
    assert fails("ResourceInUseException", "create_stream", StreamName=stream, ShardCount=1) == message


def test_malformed_requests(fails: Callable[..., str], stream: str) -> None:
    record = {"Data": b"x", "PartitionKey": "a"}
    assert fails("ValidationException", "create_stream", StreamName="a b", ShardCount=1) == (
        "1 validation error detected: Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy"
        " regular expression pattern: [a-zA-Z0-9_.-]+"
    )
    assert fails("ValidationException", "put_records", StreamName=stream, Records=[record] * 501) == (
        "1 validation error detected: Value at 'records' failed to satisfy constraint: Member must have length less"
        " than or equal to 500"
    )
    big = {"Data": b"x" * MIB, "PartitionKey": "a"}
    assert fails("ValidationException", "put_records", StreamName=stream, Records=[record, big]) == (
        "1 validation error detected: Value at 'records.2.member.data' failed to satisfy constraint: Member must have"
        " length less than or equal to 1048576"
    )
    assert "Member must not be null" in fails("ValidationException", "put_record", StreamName=stream, Data=b"x")
    below = {"Data": b"x" * (MIB - 1), "PartitionKey": "a"}
    too_much = [below] * 10 + [record]
    assert fails("InvalidArgumentException", "put_records", StreamName=stream, Records=too_much) == (
        "Records size exceeds 10 MB limit"
    )
    assert "Invalid ShardIterator" in fails("InvalidArgumentException", "get_records", ShardIterator="AAAA")
    wrong = {"ShardId": FIRST, "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "17"}
    assert "did not come from this stream" in fails(
        "InvalidArgumentException", "get_shard_iterator", StreamName=stream, **wrong
    )
    assert fails("InvalidArgumentException", "put_record", StreamName=stream, ExplicitHashKey=str(2**128), **record)
    order = {"SequenceNumberForOrdering": "17", **record}
    assert "ExclusiveMinimumSequenceNumber 17" in fails(
        "InvalidArgumentException", "put_record", StreamName=stream, **order
    )


def test_readers_follow_a_split_to_its_children(kinesis: Any, stream: str) -> None:
    start = iterator(kinesis, stream)
    kinesis.put_record(StreamName=stream, Data=b"1", PartitionKey="a")
    kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    kinesis.put_record(StreamName=stream, Data=b"2", PartitionKey="a")
    answer = kinesis.get_records(ShardIterator=start)
    assert [record["Data"] for record in answer["Records"]] == [b"1"]
    assert "NextShardIterator" not in answer
    children = [child["ShardId"] for child in answer["ChildShards"]]
    assert [child["ParentShards"] for child in answer["ChildShards"]] == [[FIRST]] * 2
    found = [kinesis.get_records(ShardIterator=iterator(kinesis, stream, shard=child))["Records"] for child in children]
    assert [record["Data"] for records in found for record in records] == [b"2"]
    parent = kinesis.describe_stream(StreamName=stream)["StreamDescription"]["Shards"][0]
    assert int(parent["SequenceNumberRange"]["EndingSequenceNumber"])
    answer = kinesis.update_shard_count(StreamARN=arn(stream), TargetShardCount=1, ScalingType="UNIFORM_SCALING")
    assert (answer["CurrentShardCount"], answer["TargetShardCount"]) == (2, 1)
    [merged] = kinesis.list_shards(StreamName=stream, ShardFilter={"Type": "AT_LATEST"})["Shards"]
    assert {merged["ParentShardId"], merged["AdjacentParentShardId"]} == set(children)


def test_waiters_and_paginators(kinesis: Any, create_stream: Callable[..., str]) -> None:
    stream = create_stream(5)
    names = {stream, *(create_stream() for _ in range(3))}
    kinesis.get_waiter("stream_exists").wait(StreamName=stream)
    pages = kinesis.get_paginator("describe_stream").paginate(StreamName=stream, PaginationConfig={"PageSize": 2})
    assert len(list(pages.search("StreamDescription.Shards[].ShardId"))) == 5
    streams = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 2})
    assert names <= {name for page in streams for name in page["StreamNames"]}
    kinesis.delete_stream(StreamName=stream)
    kinesis.get_waiter("stream_not_exists").wait(StreamName=stream)


def test_shards_are_listed_in_pages_by_token_alone(
    kinesis: Any, fails: Callable[..., str], create_stream: Callable[..., str]
) -> None:
    stream = create_stream(5)
    chosen = {"Type": "AFTER_SHARD_ID", "ShardId": FIRST}
    page = kinesis.list_shards(StreamName=stream, MaxResults=2, ShardFilter=chosen)
    token = page["NextToken"]
    rest = kinesis.list_shards(NextToken=token)
    assert "NextToken" not in rest
    assert [shard["ShardId"][-1] for shard in page["Shards"] + rest["Shards"]] == ["1", "2", "3", "4"]
    # botocore's paginator does this, and fails on AWS too.
    for name, value in (("StreamName", stream), ("StreamARN", arn(stream)), ("ExclusiveStartShardId", FIRST)):
        message = fails("InvalidArgumentException", "list_shards", NextToken=token, **{name: value})
        assert message == f"NextToken and {name} cannot be provided together."
    fails("InvalidArgumentException", "list_shards", NextToken="AAAA")


def test_settings_are_described(kinesis: Any, fails: Callable[..., str], stream: str) -> None:
    kinesis.increase_stream_retention_period(StreamName=stream, RetentionPeriodHours=48)
    kinesis.start_stream_encryption(StreamName=stream, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    kinesis.enable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["ALL"])
    kinesis.disable_enhanced_monitoring(StreamName=stream, ShardLevelMetrics=["IncomingBytes"])
    kinesis.update_stream_mode(StreamARN=arn(stream), StreamModeDetails={"StreamMode": "ON_DEMAND"})
    found = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    assert (found["RetentionPeriodHours"], found["EncryptionType"]) == (48, "KMS")
    assert len(found["EnhancedMonitoring"][0]["ShardLevelMetrics"]) == 6
    assert found["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert kinesis.put_record(StreamName=stream, Data=b"x", PartitionKey="a")["EncryptionType"] == "KMS"
    assert "is too short" in fails(
        "InvalidArgumentException", "decrease_stream_retention_period", StreamName=stream, RetentionPeriodHours=23
    )
    assert "Use DecreaseRetentionPeriod API" in fails(
        "InvalidArgumentException", "increase_stream_retention_period", StreamName=stream, RetentionPeriodHours=24
    )


def test_resource_policies_are_stored(kinesis: Any, fails: Callable[..., str], stream: str) -> None:
    allowed = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "kinesis:PutRecord"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**allowed, "Resource": arn(stream)}]})
    assert kinesis.get_resource_policy(ResourceARN=arn(stream))["Policy"] == "{}"
    kinesis.put_resource_policy(ResourceARN=arn(stream), Policy=policy)
    assert kinesis.get_resource_policy(ResourceARN=arn(stream))["Policy"] == policy
    kinesis.delete_resource_policy(ResourceARN=arn(stream))
    fails("ResourceNotFoundException", "delete_resource_policy", ResourceARN=arn(stream))


def test_registered_consumer_receives_records(kinesis: Any, fails: Callable[..., str], stream: str) -> None:
    consumer = kinesis.register_stream_consumer(StreamARN=arn(stream), ConsumerName="reader")["Consumer"]
    assert "has consumers registered" in fails("ResourceInUseException", "delete_stream", StreamName=stream)
    [listed] = kinesis.list_stream_consumers(StreamARN=arn(stream))["Consumers"]
    assert listed["ConsumerARN"] == consumer["ConsumerARN"]
    kinesis.put_record(StreamName=stream, Data=b"1", PartitionKey="a")
    events = iter(
        kinesis.subscribe_to_shard(
            ConsumerARN=consumer["ConsumerARN"], ShardId=FIRST, StartingPosition={"Type": "TRIM_HORIZON"}
        )["EventStream"]
    )
    first = next(events)["SubscribeToShardEvent"]
    assert [record["Data"] for record in first["Records"]] == [b"1"]
    assert int(first["ContinuationSequenceNumber"]) > int(first["Records"][0]["SequenceNumber"])
    assert not first.get("ChildShards")
    kinesis.split_shard(StreamName=stream, ShardToSplit=FIRST, NewStartingHashKey=str(2**127))
    rest = [event["SubscribeToShardEvent"] for event in events]
    assert len(rest[-1]["ChildShards"]) == 2
    # The KCL rejects an event with both: https://github.com/awslabs/amazon-kinesis-client/pull/1744
    assert "ContinuationSequenceNumber" not in rest[-1]
    kinesis.deregister_stream_consumer(ConsumerARN=consumer["ConsumerARN"])
    fails("ResourceNotFoundException", "describe_stream_consumer", ConsumerARN=consumer["ConsumerARN"])


@pytest.fixture
def elsewhere(localstack: Any) -> Callable[[str, str], Any]:
    """Return a factory of clients of other accounts and regions."""

    def client(account: str, region: str) -> Any:
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "test", "region_name": region}
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client("kinesis", endpoint_url=localstack.endpoint_url, config=config, **keys)

    return client


def test_accounts_and_regions_are_isolated(elsewhere: Callable[[str, str], Any], stream: str) -> None:
    for account, region in (("111111111111", "ap-south-1"), (ACCOUNT, "eu-west-1")):
        client = elsewhere(account, region)
        assert stream not in client.list_streams()["StreamNames"]
        name = f"same-{uuid.uuid4().hex[:8]}"
        client.create_stream(StreamName=name, ShardCount=1)
        found = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        assert found["StreamARN"] == f"arn:aws:kinesis:{region}:{account}:stream/{name}"
        client.delete_stream(StreamName=name)


def test_no_node_server_is_started(localstack: Any, stream: str) -> None:
    assert localstack.running("kinesis-local") == []
