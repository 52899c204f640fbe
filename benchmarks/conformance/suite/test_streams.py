"""Kinesis streams: records, positions and limits."""

import hashlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid
FIRST = "shardId-000000000000"


def test_a_name_is_used_once(calls: Any) -> None:
    """CreateStream with the name of an existing stream: ResourceInUseException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html
    """
    name = calls.stream()
    refused(calls.client("kinesis").create_stream, "ResourceInUseException", StreamName=name, ShardCount=1)


def test_a_missing_stream(calls: Any) -> None:
    """A stream that does not exist: ResourceNotFoundException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeStreamSummary.html
    """
    refused(calls.client("kinesis").describe_stream_summary, "ResourceNotFoundException", StreamName=calls.name())


def test_the_md5_of_the_partition_key_chooses_the_shard(calls: Any) -> None:
    """The MD5 of the partition key chooses the shard by its hash key range.

    https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
    """
    name, kinesis = calls.stream(shards=3), calls.client("kinesis")
    ranges = {
        shard["ShardId"]: (int(found["StartingHashKey"]), int(found["EndingHashKey"]))
        for shard in calls.shards(name)
        for found in [shard["HashKeyRange"]]
    }
    for key in ("a", "b", "é", "customer-7"):
        at = int(hashlib.md5(key.encode()).hexdigest(), 16)
        (expected,) = [shard for shard, (first, last) in ranges.items() if first <= at <= last]
        shard = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey=key)["ShardId"]
        assert shard == expected, f"{key} went to {shard}, not {expected}"


def test_an_explicit_hash_key_chooses_the_shard(calls: Any) -> None:
    """ExplicitHashKey overrides the partition key's hash.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
    """
    name, kinesis = calls.stream(shards=2), calls.client("kinesis")
    for shard in calls.shards(name):
        key = shard["HashKeyRange"]["StartingHashKey"]
        found = kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="same", ExplicitHashKey=key)["ShardId"]
        assert found == shard["ShardId"], f"{found}, not {shard['ShardId']}"


def test_sequence_numbers_increase(calls: Any) -> None:
    """Sequence numbers of a partition key increase.

    https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    numbers = [
        int(kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k")["SequenceNumber"]) for _ in range(5)
    ]
    assert numbers == sorted(set(numbers)), f"{numbers}"


def test_at_most_500_records_a_call(calls: Any) -> None:
    """PutRecords with more than 500 records is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    """
    records = [{"Data": b"x", "PartitionKey": "k"}] * 501
    refused(
        calls.client("kinesis").put_records, "InvalidArgumentException", "ValidationException",
        StreamName=calls.stream(), Records=records,
    )  # fmt: skip


def test_a_record_has_a_limit(calls: Any) -> None:
    """A record of more than MaxRecordSizeInKiB, by default 1 MiB, is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    kinesis.put_record(StreamName=name, Data=b"x" * (2**20 - 1), PartitionKey="k")
    refused(
        kinesis.put_record, "InvalidArgumentException", "ValidationException",
        StreamName=name, Data=b"x" * (2**20 + 1), PartitionKey="k",
    )  # fmt: skip


def test_partition_keys_have_256_characters(calls: Any) -> None:
    """A partition key of more than 256 characters is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    kinesis.put_record(StreamName=name, Data=b"x", PartitionKey="k" * 256)
    refused(
        kinesis.put_record, "ValidationException", "InvalidArgumentException",
        StreamName=name, Data=b"x", PartitionKey="k" * 257,
    )  # fmt: skip


def test_positions_by_sequence_number(calls: Any) -> None:
    """AT_SEQUENCE_NUMBER begins with that record, AFTER_SEQUENCE_NUMBER with the next one.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    put = [kinesis.put_record(StreamName=name, Data=str(n).encode(), PartitionKey="k") for n in range(3)]
    for kind, first in (("AT_SEQUENCE_NUMBER", b"1"), ("AFTER_SEQUENCE_NUMBER", b"2")):
        where = calls.iterator(name, FIRST, kind, StartingSequenceNumber=put[1]["SequenceNumber"])
        found = kinesis.get_records(ShardIterator=where)["Records"]
        assert found, f"{kind}: nothing"
        assert found[0]["Data"] == first, f"{kind}: began with {found[0]['Data']!r}"


def test_a_position_in_the_future(calls: Any) -> None:
    """AT_TIMESTAMP with a time in the future: InvalidArgumentException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
    """
    refused(
        calls.client("kinesis").get_shard_iterator, "InvalidArgumentException", StreamName=calls.stream(),
        ShardId=FIRST, ShardIteratorType="AT_TIMESTAMP", Timestamp=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip


def test_a_sequence_number_is_needed(calls: Any) -> None:
    """AT_SEQUENCE_NUMBER without a number: InvalidArgumentException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetShardIterator.html
    """
    refused(
        calls.client("kinesis").get_shard_iterator, "InvalidArgumentException", "ValidationException",
        StreamName=calls.stream(), ShardId=FIRST, ShardIteratorType="AT_SEQUENCE_NUMBER",
    )  # fmt: skip


def test_an_invalid_iterator(calls: Any) -> None:
    """GetRecords with a text that is no iterator: InvalidArgumentException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
    """
    refused(
        calls.client("kinesis").get_records, "InvalidArgumentException", "ValidationException", ShardIterator="none"
    )


def test_limit_and_next_iterator(calls: Any) -> None:
    """Limit is the most that GetRecords returns, and NextShardIterator goes on.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    kinesis.put_records(StreamName=name, Records=[{"Data": str(n).encode(), "PartitionKey": "k"} for n in range(5)])
    where, seen = calls.iterator(name, FIRST), []
    for _ in range(6):
        answer = kinesis.get_records(ShardIterator=where, Limit=2)
        assert len(answer["Records"]) <= 2, f"{len(answer['Records'])} records"
        seen += [record["Data"] for record in answer["Records"]]
        where = answer["NextShardIterator"]
    assert seen == [b"0", b"1", b"2", b"3", b"4"], f"{seen}"


def test_at_most_10000_records_a_read(calls: Any) -> None:
    """GetRecords with a Limit above 10,000 is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
    """
    name = calls.stream()
    refused(
        calls.client("kinesis").get_records, "InvalidArgumentException", "ValidationException",
        ShardIterator=calls.iterator(name, FIRST), Limit=10_001,
    )  # fmt: skip


def test_behind_latest(calls: Any) -> None:
    """MillisBehindLatest is 0 at the end of the stream, and more before.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    kinesis.put_record(StreamName=name, Data=b"old", PartitionKey="k")
    time.sleep(1)
    kinesis.put_record(StreamName=name, Data=b"new", PartitionKey="k")
    answer = kinesis.get_records(ShardIterator=calls.iterator(name, FIRST), Limit=1)
    assert answer["MillisBehindLatest"] > 0, "0 though a record is left"
    answer = kinesis.get_records(ShardIterator=answer["NextShardIterator"])
    assert answer["MillisBehindLatest"] == 0, f"{answer['MillisBehindLatest']} ms behind the end"


def test_retention_within_its_range(calls: Any) -> None:
    """A retention outside 24 to 8,760 hours, or no increase, is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    for hours in (12, 8761):
        refused(
            kinesis.increase_stream_retention_period, "InvalidArgumentException", "ValidationException",
            StreamName=name, RetentionPeriodHours=hours,
        )  # fmt: skip
    kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=48)
    refused(
        kinesis.decrease_stream_retention_period, "InvalidArgumentException", StreamName=name, RetentionPeriodHours=72
    )


def test_at_most_50_tags(calls: Any) -> None:
    """A stream has at most 50 tags.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_AddTagsToStream.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    for start in range(0, 50, 10):
        kinesis.add_tags_to_stream(StreamName=name, Tags={f"tag{start + n}": "x" for n in range(10)})
    refused(
        kinesis.add_tags_to_stream, "InvalidArgumentException", "LimitExceededException", "ValidationException",
        StreamName=name, Tags={"one more": "x"},
    )  # fmt: skip


def test_a_policy_is_kept(calls: Any) -> None:
    """PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy of a stream.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html
    """
    kinesis, arn = calls.client("kinesis"), calls.arn_of(calls.stream())
    account = arn.split(":")[4]
    policy = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::'
        f'{account}:root"}}, "Action": "kinesis:DescribeStreamSummary", "Resource": "{arn}"}}]}}'
    )
    kinesis.put_resource_policy(ResourceARN=arn, Policy=policy)
    assert "DescribeStreamSummary" in kinesis.get_resource_policy(ResourceARN=arn)["Policy"]
    kinesis.delete_resource_policy(ResourceARN=arn)
    try:
        left = kinesis.get_resource_policy(ResourceARN=arn)["Policy"]
    except kinesis.exceptions.ResourceNotFoundException:
        return
    assert "DescribeStreamSummary" not in left, "the deleted policy is there"
