"""Delivery through a real LocalStack: what arrives, in which batches, in which order, from where on."""

import json
import time
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_event_has_the_shape_that_aws_documents(scene: Any) -> None:
    scene.create_stream()
    [sequence_number] = scene.put(1, key="a key")
    scene.map()
    scene.await_ids({1})
    [entry] = scene.invocations()
    [record] = entry["event"].pop("Records")
    assert entry["event"] == {}
    assert scene.data(record) == {"id": 1}
    kinesis = record["kinesis"]
    assert abs(kinesis.pop("approximateArrivalTimestamp") - time.time()) < 60
    kinesis.pop("data")
    assert record == {
        "kinesis": {"kinesisSchemaVersion": "1.0", "partitionKey": "a key", "sequenceNumber": sequence_number},
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{sequence_number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": scene.role_arn,
        "awsRegion": "ap-south-1",
        "eventSourceARN": scene.stream_arn,
    }


def test_batches_keep_order_and_size(scene: Any) -> None:
    scene.create_stream()
    scene.put(*range(25))
    scene.map(BatchSize=10)
    scene.await_ids(set(range(25)))
    assert scene.ids() == [list(range(10)), list(range(10, 20)), list(range(20, 25))]


def test_window_gathers_records_of_several_puts(scene: Any) -> None:
    scene.create_stream()
    scene.map(MaximumBatchingWindowInSeconds=2)
    for number in range(5):
        scene.put(number)
    assert scene.await_ids(set(range(5))) == [[0, 1, 2, 3, 4]]


def test_payload_limit_cuts_a_batch(scene: Any) -> None:
    """Seven records of 900 kB are 8.4 MB of base64: more than the 6 MB of one invocation."""
    scene.create_stream()
    filler = "x" * 900_000
    for number in range(7):
        scene.put({"id": number, "filler": filler})
    scene.map()
    assert scene.await_ids(set(range(7))) == [[0, 1, 2, 3, 4], [5, 6]]


def test_latest_delivers_only_records_put_after_the_mapping(scene: Any) -> None:
    scene.create_stream()
    scene.put(1)
    mapping = scene.map(StartingPosition="LATEST")
    scene.update(mapping, state="Disabled", Enabled=False)
    scene.put(2)
    scene.update(mapping, Enabled=True)
    scene.put(3)
    assert [i for batch in scene.await_ids({2, 3}) for i in batch] == [2, 3]


def test_at_timestamp_delivers_from_that_time_on(scene: Any) -> None:
    scene.create_stream()
    scene.put(1)
    boundary = scene.eventually(lambda: (now := datetime.now(UTC)).microsecond < 500_000 and now, "the next second")
    scene.eventually(lambda: datetime.now(UTC).second != boundary.second, "a second after the first record")
    start = datetime.now(UTC).replace(microsecond=0)
    scene.put(2)
    scene.map(StartingPosition="AT_TIMESTAMP", StartingPositionTimestamp=start)
    assert scene.await_ids({2}) == [[2]]


def test_filter_passes_matching_records_unchanged(scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}, {"id": 3, "kind": "a"})
    scene.map(FilterCriteria={"Filters": [{"Pattern": json.dumps({"data": {"kind": ["a"]}})}]})
    assert scene.await_ids({1, 3}) == [[1, 3]]


def test_parallel_batches_keep_the_order_of_each_key(scene: Any) -> None:
    scene.create_stream()
    items: list[dict[str, Any]] = [
        {"id": number, "key": f"k{number % 8}", "do": "sleep", "seconds": 0.02} for number in range(80)
    ]
    scene.put(*items)
    scene.map(BatchSize=5, ParallelizationFactor=4)
    scene.await_ids(set(range(80)))
    scene.eventually(lambda: all("ended" in entry for entry in scene.invocations()), "all invocations to end")
    journal = scene.invocations()
    spans = [(entry["started"], entry["ended"]) for entry in journal]
    assert any(a < d and c < b for i, (a, b) in enumerate(spans) for c, d in spans[:i]), "no two invocations overlap"
    order = defaultdict(list)
    for entry in journal:
        for record in entry["event"]["Records"]:
            order[record["kinesis"]["partitionKey"]].append(scene.data(record)["id"])
    assert dict(order) == {f"k{key}": list(range(key, 80, 8)) for key in range(8)}


def test_children_are_read_only_after_their_parent(scene: Any) -> None:
    scene.create_stream()
    scene.put(*[{"id": n, "do": "sleep", "seconds": 0.1} for n in range(10)])
    mapping = scene.map(BatchSize=2)
    scene.kinesis.split_shard(
        StreamName=scene.stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    scene.stream_active()
    scene.put(*range(10, 15), shard=0)
    scene.put(*range(15, 20), shard=1)
    scene.await_ids(set(range(20)))
    delivered = [i for batch in scene.ids() for i in batch]
    assert delivered[:10] == list(range(10))
    assert sorted(delivered) == list(range(20))
    assert [i for i in delivered if 10 <= i < 15] == list(range(10, 15))
    assert scene.mapping(mapping)["LastProcessingResult"] == "OK"


def test_latest_misses_nothing_of_shards_born_later(scene: Any) -> None:
    scene.create_stream(shards=2)
    scene.map(StartingPosition="LATEST")
    scene.kinesis.merge_shards(
        StreamName=scene.stream, ShardToMerge="shardId-000000000000", AdjacentShardToMerge="shardId-000000000001"
    )
    scene.stream_active()
    scene.put(*range(5))
    assert [i for batch in scene.await_ids(set(range(5))) for i in batch] == list(range(5))
