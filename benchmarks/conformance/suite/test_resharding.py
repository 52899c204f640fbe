"""Kinesis streams: shards that are split and merged, and consumers."""

from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid


def middle(shard: dict[str, Any]) -> str:
    """The hash key in the middle of a shard's range."""
    found = shard["HashKeyRange"]
    return str((int(found["StartingHashKey"]) + int(found["EndingHashKey"])) // 2)


def test_a_split_shard_is_read_to_its_end(calls: Any) -> None:
    """After a split, the parent's records stay readable, and then its NextShardIterator is missing.

    https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    kinesis.put_record(StreamName=name, Data=b"before", PartitionKey="k")
    (parent,) = calls.shards(name)
    kinesis.split_shard(StreamName=name, ShardToSplit=parent["ShardId"], NewStartingHashKey=middle(parent))
    calls.await_stream(name)
    answer = kinesis.get_records(ShardIterator=calls.iterator(name, parent["ShardId"]))
    assert [record["Data"] for record in answer["Records"]] == [b"before"], "the parent's record is gone"
    where: str | None = answer.get("NextShardIterator")
    for _ in range(5):
        where = where and kinesis.get_records(ShardIterator=where).get("NextShardIterator")
    assert where is None, "the closed shard has a next iterator"


def test_children_name_their_parent(calls: Any) -> None:
    """The shards of a split name their parent, and together have its range.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html
    """
    name, kinesis = calls.stream(), calls.client("kinesis")
    (parent,) = calls.shards(name)
    kinesis.split_shard(StreamName=name, ShardToSplit=parent["ShardId"], NewStartingHashKey=middle(parent))
    calls.await_stream(name)
    children = [shard for shard in calls.shards(name) if shard.get("ParentShardId") == parent["ShardId"]]
    assert len(children) == 2, f"{len(children)} children"
    first, second = sorted((child["HashKeyRange"] for child in children), key=lambda one: int(one["StartingHashKey"]))
    assert first["StartingHashKey"] == parent["HashKeyRange"]["StartingHashKey"]
    assert int(first["EndingHashKey"]) + 1 == int(second["StartingHashKey"]), "a gap between the children"
    assert second["EndingHashKey"] == parent["HashKeyRange"]["EndingHashKey"]


def test_only_neighbours_are_merged(calls: Any) -> None:
    """MergeShards of shards that are no neighbours: InvalidArgumentException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html
    """
    name = calls.stream(shards=3)
    shards = sorted(calls.shards(name), key=lambda one: int(one["HashKeyRange"]["StartingHashKey"]))
    refused(
        calls.client("kinesis").merge_shards, "InvalidArgumentException", StreamName=name,
        ShardToMerge=shards[0]["ShardId"], AdjacentShardToMerge=shards[2]["ShardId"],
    )  # fmt: skip


def test_at_most_twice_as_many_shards(calls: Any) -> None:
    """UpdateShardCount to more than twice the number of shards is refused.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
    """
    refused(
        calls.client("kinesis").update_shard_count, "InvalidArgumentException", "LimitExceededException",
        "ValidationException", StreamName=calls.stream(shards=2), TargetShardCount=5, ScalingType="UNIFORM_SCALING",
    )  # fmt: skip


def test_the_number_of_shards_is_doubled(calls: Any) -> None:
    """UpdateShardCount opens the new shards and closes the old ones.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html
    """
    name, kinesis = calls.stream(shards=2), calls.client("kinesis")
    kinesis.update_shard_count(StreamName=name, TargetShardCount=4, ScalingType="UNIFORM_SCALING")
    calls.await_stream(name)
    open_ = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["OpenShardCount"]
    assert open_ == 4, f"{open_} open shards"


def test_shards_are_listed_in_pages(calls: Any) -> None:
    """ListShards returns MaxResults shards and a token, which goes without the stream's name.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html
    """
    name, kinesis = calls.stream(shards=3), calls.client("kinesis")
    first = kinesis.list_shards(StreamName=name, MaxResults=2)
    assert len(first["Shards"]) == 2, f"{len(first['Shards'])} shards"
    rest = kinesis.list_shards(NextToken=first["NextToken"])
    assert len(rest["Shards"]) == 1, f"{len(rest['Shards'])} shards on the second page"
    refused(kinesis.list_shards, "InvalidArgumentException", StreamName=name, NextToken=first["NextToken"])


def test_a_consumers_name_is_used_once(calls: Any) -> None:
    """RegisterStreamConsumer with a name that the stream has already: ResourceInUseException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html
    """
    kinesis, arn = calls.client("kinesis"), calls.arn_of(calls.stream())
    kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")
    refused(kinesis.register_stream_consumer, "ResourceInUseException", StreamARN=arn, ConsumerName="one")


def test_a_stream_with_consumers_is_kept(calls: Any) -> None:
    """DeleteStream of a stream with consumers, without EnforceConsumerDeletion: ResourceInUseException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html
    """
    kinesis, name = calls.client("kinesis"), calls.stream()
    kinesis.register_stream_consumer(StreamARN=calls.arn_of(name), ConsumerName="one")
    refused(kinesis.delete_stream, "ResourceInUseException", StreamName=name)


def test_a_subscription_gets_records(calls: Any) -> None:
    """SubscribeToShard pushes records to a consumer.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html
    """
    kinesis, name = calls.client("kinesis"), calls.stream()
    arn = calls.arn_of(name)
    consumer = kinesis.register_stream_consumer(StreamARN=arn, ConsumerName="one")["Consumer"]["ConsumerARN"]

    def active() -> bool:
        found = kinesis.describe_stream_consumer(ConsumerARN=consumer)["ConsumerDescription"]
        return bool(found["ConsumerStatus"] == "ACTIVE")

    calls.target.eventually(active, "an active consumer")
    kinesis.put_record(StreamName=name, Data=b"pushed", PartitionKey="k")
    (shard,) = calls.shards(name)
    answer = kinesis.subscribe_to_shard(
        ConsumerARN=consumer, ShardId=shard["ShardId"], StartingPosition={"Type": "TRIM_HORIZON"}
    )
    stream = answer["EventStream"]
    try:
        seen = next(
            record["Data"] for event in stream for record in event.get("SubscribeToShardEvent", {}).get("Records", [])
        )
    finally:
        stream.close()
    assert seen == b"pushed", f"{seen!r}"
