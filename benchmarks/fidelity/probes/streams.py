"""aws_kinesis_stream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from benchmarks.fidelity.bench import Bench, refusal
from benchmarks.fidelity.bindings import probe, unprobed
from benchmarks.fidelity.verdicts import Seen

STREAM = "aws_kinesis_stream"
unprobed(STREAM, "retention_period", "no record gets older than 24 h here, the shortest retention")
HALF = 2**127  # of the space of hash keys


@probe(STREAM, "name", "shard_count")
def shards(bench: Bench) -> Seen:
    """Both halves of the hash key space are in one shard, or in two."""
    found = []
    for count in (1, 2):
        name = bench.stream(ShardCount=count)
        answers = [
            bench.client("kinesis").put_record(
                StreamName=name, Data=b"probe", PartitionKey="key", ExplicitHashKey=str(HALF * half)
            )
            for half in (0, 1)
        ]
        found.append(len({answer["ShardId"] for answer in answers}))
    return Seen(found == [1, 2], f"records from both halves of the hash key space are in {found[1]} of 2 shards")


@probe(STREAM, "shard_level_metrics")
def shard_metrics(bench: Bench) -> Seen:
    """Shard-level metrics exist if they are on, and only then."""
    kinesis = bench.client("kinesis")
    quiet, watched = bench.stream(), bench.stream()
    kinesis.enable_enhanced_monitoring(StreamName=watched, ShardLevelMetrics=["IncomingRecords"])
    found = []
    for name in (quiet, watched):
        shard = kinesis.put_record(StreamName=name, Data=b"probe", PartitionKey="key")["ShardId"]
        points = bench.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Kinesis", MetricName="IncomingRecords", Period=60, Statistics=["Sum"],
            Dimensions=[{"Name": "StreamName", "Value": name}, {"Name": "ShardId", "Value": shard}],
            StartTime=datetime.now(UTC) - timedelta(minutes=5), EndTime=datetime.now(UTC) + timedelta(minutes=5),
        )["Datapoints"]  # fmt: skip
        found.append(sum(point["Sum"] for point in points))
    return Seen(
        found == [0, 1], f"a shard's record {'is' if found[1] else 'is not'} counted in CloudWatch if requested"
    )


@probe(STREAM, "stream_mode_details.stream_mode")
def stream_mode(bench: Bench) -> Seen:
    """The shard count can be set in provisioned mode, and is refused on demand."""
    provisioned = bench.stream(ShardCount=1)
    on_demand = bench.stream(StreamModeDetails={"StreamMode": "ON_DEMAND"})
    taken, refused = _resized(bench, provisioned, 2), _resized(bench, on_demand, 8)
    return Seen(not taken and bool(refused), f"UpdateShardCount on demand gets {refused or 'through'}")


def _resized(bench: Bench, stream: str, shards: int) -> str:
    arguments = {"StreamName": stream, "TargetShardCount": shards, "ScalingType": "UNIFORM_SCALING"}
    return refusal(lambda: bench.client("kinesis").update_shard_count(**arguments))
