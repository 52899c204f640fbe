"""Streams, shards and consumers in the API's format."""

from typing import Any

from pipeline_emulator.kinesis.provider.base import timestamp
from pipeline_emulator.kinesis.streams.commitment import Commitment
from pipeline_emulator.kinesis.streams.consumers import Consumer
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.stream import Stream

Description = dict[str, Any]


def summary(stream: Stream) -> Description:
    """Return an entry of ListStreams."""
    return {
        "StreamName": stream.name.name,
        "StreamARN": stream.name.arn,
        "StreamStatus": stream.status,
        "StreamModeDetails": {"StreamMode": stream.mode},
        "StreamCreationTimestamp": timestamp(stream.created_at),
    }


def description(stream: Stream) -> Description:
    """Return what DescribeStream and DescribeStreamSummary share."""
    return {
        **summary(stream),
        "RetentionPeriodHours": stream.retention_hours,
        "EnhancedMonitoring": [{"ShardLevelMetrics": sorted(stream.metrics)}],
        "EncryptionType": "KMS" if stream.key_id else "NONE",
        **({"KeyId": stream.key_id} if stream.key_id else {}),
    }


def warm_throughput(stream: Stream) -> Description:
    """Return the requested warm throughput. Nothing has to scale, so the target is reached at once."""
    if (wanted := stream.warm_throughput) is None:
        return {}
    return {"WarmThroughput": {"TargetMiBps": wanted, "CurrentMiBps": wanted}}


def commitment(found: Commitment) -> Description:
    """Return an account's MinimumThroughputBillingCommitment."""
    times = {"StartedAt": found.started_at, "EarliestAllowedEndAt": found.earliest_end, "EndedAt": found.ended_at}
    known = {name: timestamp(value) for name, value in times.items() if value is not None}
    return {"Status": found.status, **known}


def shard(found: Shard) -> Description:
    """Return an entry of ListShards."""
    parents = zip(("ParentShardId", "AdjacentParentShardId"), found.parents, strict=False)
    numbers = {"StartingSequenceNumber": str(found.numbers.first)}
    if found.last_number is not None:
        numbers["EndingSequenceNumber"] = str(found.last_number)
    return {
        "ShardId": found.shard_id,
        **dict(parents),
        "HashKeyRange": hash_key_range(found),
        "SequenceNumberRange": numbers,
    }


def child_shards(stream: Stream, shard_id: str) -> list[Description]:
    """Return the ChildShards that a reader gets at the end of a closed shard."""
    return [
        {"ShardId": child.shard_id, "ParentShards": list(child.parents), "HashKeyRange": hash_key_range(child)}
        for child in stream.topology.children(stream.shard(shard_id))
    ]


def hash_key_range(found: Shard) -> Description:
    """Return a shard's range of hash keys, both ends included."""
    return {"StartingHashKey": str(found.start), "EndingHashKey": str(found.end)}


def consumer(found: Consumer) -> Description:
    """Return an entry of ListStreamConsumers."""
    return {
        "ConsumerName": found.name,
        "ConsumerARN": found.arn,
        "ConsumerStatus": "ACTIVE",
        "ConsumerCreationTimestamp": timestamp(found.created_at),
    }
