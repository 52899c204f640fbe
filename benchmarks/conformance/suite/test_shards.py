"""Shards and partition keys: what runs concurrently, and what waits."""

import itertools
from collections import defaultdict
from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid


def test_parallelization_factor(scene: Any) -> None:
    """ParallelizationFactor: batches of one shard run beside each other, in order per partition key.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    scene.create_stream()
    items = [{"id": number, "key": f"k{number % 8}", "do": "sleep", "seconds": 0.05} for number in range(80)]
    scene.put(*items)
    scene.map(BatchSize=5, ParallelizationFactor=4)
    scene.await_ids(set(range(80)))
    scene.eventually(lambda: all("ended" in entry for entry in scene.invocations()), "all invocations to end")
    order = defaultdict(list)
    for entry in scene.invocations():
        for record in entry["event"]["Records"]:
            order[record["kinesis"]["partitionKey"]].append(scene.data(record)["id"])
    expected = {f"k{key}": list(range(key, 80, 8)) for key in range(8)}
    assert dict(order) == expected, "order broken within a partition key"
    spans = sorted((entry["started"], entry["ended"]) for entry in scene.invocations())
    overlap = any(start < former_end for (_, former_end), (start, _) in itertools.pairwise(spans))
    assert overlap, "one invocation after the other"


def test_shard_isolation(scene: Any) -> None:
    """A poison record that is retried for ever does not hold up another shard.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
    """
    scene.create_stream(shards=2)
    scene.put({"id": "poison", "do": "fail"}, shard=0)
    scene.map(BatchSize=10)
    scene.eventually(lambda: len(scene.ids()) > 2, "retries of the poison")
    scene.put(*range(100), shard=1)
    scene.await_ids(set(range(100)))
    before = scene.ids().count(["poison"])
    scene.eventually(lambda: scene.ids().count(["poison"]) > before, "a further retry of the poison")


def test_split_shard(scene: Any) -> None:
    """Split: the children are read only after their parent is drained.

    https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
    """
    scene.create_stream()
    scene.put(*[{"id": number, "do": "sleep", "seconds": 0.1} for number in range(10)])
    scene.map(BatchSize=2)
    scene.kinesis.split_shard(
        StreamName=scene.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    scene.stream_active()
    scene.put(*range(10, 15), shard=0)
    scene.put(*range(15, 20), shard=1)
    scene.await_ids(set(range(20)))
    delivered = scene.delivered()
    assert delivered[:10] == list(range(10)), "a child was read before its parent was drained"
    assert sorted(delivered) == list(range(20)), "records delivered twice"
    assert [one for one in delivered if 10 <= one < 15] == list(range(10, 15)), "order broken within a shard"


def test_merge_shards(scene: Any) -> None:
    """Merge: the child is read only after both its parents are drained.

    https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html
    """
    scene.create_stream(shards=2)
    parents = {0: [0], 1: list(range(1, 6))}  # one drains long before the other
    for shard, numbers in parents.items():
        scene.put(*[{"id": number, "do": "sleep", "seconds": 0.2} for number in numbers], shard=shard)
    scene.map(BatchSize=1)
    scene.kinesis.merge_shards(
        StreamName=scene.stream, ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    scene.stream_active()
    scene.put("child")
    scene.await_ids({"child", *parents[0], *parents[1]})
    delivered = scene.delivered()
    assert set(delivered[: delivered.index("child")]) == {*parents[0], *parents[1]}, "the child was read too early"
    assert len(delivered) == 7, "records delivered twice"
