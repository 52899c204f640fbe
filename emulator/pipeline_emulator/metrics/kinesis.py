"""Metrics of streams and, with enhanced monitoring, of shards, with AWS's names and meanings.

https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html. Bytes are those that count towards
limits: the data and the partition key. Malformed requests are not counted. Times are in seconds since the epoch.
"""

from collections.abc import Mapping, Sequence

from pipeline_emulator.kinesis.hooks import Put
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.shard import Chunk
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.metrics.aggregator import METRICS, Resource

NAMESPACE = "AWS/Kinesis"


def count_put(
    stream: Stream,
    operation: Put,
    began: float,
    ended: float,
    sizes: Sequence[int],
    placed: Sequence[Placed],
) -> None:
    """Count one put, given its start and end, the sizes of its records and where they went."""
    milliseconds = (ended - began) * 1000
    shards: dict[str, list[int]] = {}
    for place, size in zip(placed, sizes, strict=True):
        if (tally := shards.get(place.shard_id)) is None:
            tally = shards[place.shard_id] = [0, 0, 0]
        if place.number is None:
            tally[2] += 1
        else:
            tally[0] += 1
            tally[1] += size
    records, size, throttled = (sum(column) for column in zip(*shards.values(), strict=True))
    own = {"Bytes": size, "Latency": milliseconds, "Success": int(records > 0)}
    if operation == "PutRecords":
        own |= {
            "Records": records,
            "TotalRecords": len(placed),
            "SuccessfulRecords": records,
            "FailedRecords": 0,  # those of internal errors, which this service does not have
            "ThrottledRecords": throttled,
        }
    named = {f"{operation}.{name}": value for name, value in own.items()}
    METRICS.add(began, _stream(stream.name), {**_incoming(records, size, throttled), **named})
    for shard_id, tally in shards.items():
        _count_shard(stream, shard_id, began, _incoming(*tally))


def count_throttled_read(stream: Stream, shard_id: str, began: float) -> None:
    """Count one GetRecords that was refused because of the shard's limits."""
    refused = {"ReadProvisionedThroughputExceeded": 1}
    METRICS.add(began, _stream(stream.name), {**refused, "GetRecords.Success": 0})
    _count_shard(stream, shard_id, began, refused)


def count_read(stream: Stream, shard_id: str, began: float, ended: float, chunk: Chunk) -> None:
    """Count one GetRecords, given its start, end and result."""
    records = len(chunk.records)
    size = sum(record.size for record in chunk.records)
    # "the difference between the current time and when the last record of the GetRecords call was written"
    age = max(0.0, ended - chunk.records[-1].arrival) * 1000 if records else 0.0
    refused = {"ReadProvisionedThroughputExceeded": 0}
    of_stream = {
        "GetRecords.Bytes": size,
        "GetRecords.IteratorAgeMilliseconds": age,
        "GetRecords.Latency": (ended - began) * 1000,
        "GetRecords.Records": records,
        "GetRecords.Success": 1,
    }
    of_shard = {"OutgoingBytes": size, "OutgoingRecords": records, "IteratorAgeMilliseconds": age}
    METRICS.add(began, _stream(stream.name), {**of_stream, **refused})
    _count_shard(stream, shard_id, began, {**of_shard, **refused})


def _count_shard(stream: Stream, shard_id: str, at: float, values: Mapping[str, float]) -> None:
    """Count the metrics that enhanced monitoring has enabled."""
    if wanted := stream.metrics:
        chosen = {name: value for name, value in values.items() if name in wanted}
        METRICS.add(at, _shard(stream.name, shard_id), chosen)


def _incoming(records: int, size: int, throttled: int) -> dict[str, float]:
    return {"IncomingRecords": records, "IncomingBytes": size, "WriteProvisionedThroughputExceeded": throttled}


def _stream(name: StreamName) -> Resource:
    return Resource(name.account, name.region, NAMESPACE, (("StreamName", name.name),))


def _shard(name: StreamName, shard_id: str) -> Resource:
    return Resource(name.account, name.region, NAMESPACE, (("ShardId", shard_id), ("StreamName", name.name)))
