"""The ledger detects every fault injected between the pipeline and itself, and reports none without a fault.

A forwarder copies the pipeline's output stream to the stream that the ledger reads, and the failed-events bucket to
the bucket that it reads. On purpose it drops, repeats, reorders and changes data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from harness import events, failed, ledger, streams
from harness.console import Step
from harness.ledger import Ledger, Target, Timeouts, Verdict, expected
from harness.ledger.collector import Watch
from harness.machine.waiting import poll
from harness.stack.clients import Clients
from harness.stack.state import Stack

pytestmark = pytest.mark.local_only

COUNT, KEYS = 40, 8
SHORT_TIMEOUTS = Timeouts(quiet=8.0, linger=1.5)
Tamper = Callable[[int, streams.Read], list[bytes]]


@dataclass
class Scene:
    """A stack's pipeline, followed by a forwarder."""

    stack: Stack
    clients: Clients
    target: Target

    def run(self, tamper: Tamper, count: int = COUNT, rate: float | None = None) -> Ledger:
        """Runs the ledger over events with a few keys; `tamper` receives number and record of each prediction."""
        reader = streams.Reader(self.clients.kinesis, self.stack.outputs["predictions_stream_name"], "LATEST")
        reader.read()
        position = 0

        def forward() -> None:
            nonlocal position
            forwarded = []
            for read in reader.read():
                forwarded += [(data, read.key) for data in tamper(position, read)]
                position += 1
            list(streams.put(self.clients.kinesis, self.target.output, forwarded))

        records = events.made_up(self.stack, count, keys=KEYS)
        with Watch(forward, 0.05) as watch:
            wanted = expected.of(self.stack)
            result = ledger.run(self.target, records, wanted, Step("tampered"), rate, SHORT_TIMEOUTS)
            watch.check()
        return result


@pytest.fixture(scope="module")
def scene(stack: Stack, clients: Clients) -> Iterator[Scene]:
    name = f"tampered-{time.time_ns():x}"
    clients.kinesis.create_stream(StreamName=name, ShardCount=2)
    clients.kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    try:
        yield Scene(stack, clients, replace(Target.of(stack), output=name, bucket=name))
    finally:
        clients.kinesis.delete_stream(StreamName=name)
        for page in clients.s3.get_paginator("list_objects_v2").paginate(Bucket=name):
            for item in page.get("Contents", []):
                clients.s3.delete_object(Bucket=name, Key=item["Key"])
        clients.s3.delete_bucket(Bucket=name)


def _changed(read: streams.Read, **changes: Any) -> bytes:
    document = json.loads(read.data)
    for name, value in changes.items():
        (document["prediction"] if name in document["prediction"] else document)[name] = value
    return json.dumps(document).encode()


def test_an_honest_forwarder_passes(scene: Scene) -> None:
    result = scene.run(lambda _number, read: [read.data])
    assert result.passed, result.summary()
    assert result.counts == {Verdict.PREDICTED: COUNT}
    assert not result.strangers


def test_a_dropped_record_is_lost(scene: Scene) -> None:
    result = scene.run(lambda number, read: [] if number == 7 else [read.data])
    assert not result.passed
    assert result.counts == {Verdict.PREDICTED: COUNT - 1, Verdict.LOST: 1}
    assert "no answer for" in result.gave_up


def test_a_repeated_record_is_predicted_twice(scene: Scene) -> None:
    result = scene.run(lambda number, read: [read.data] * (3 if number == 7 else 1))
    assert result.passed
    assert result.counts == {Verdict.PREDICTED: COUNT - 1, Verdict.DUPLICATED: 1}
    assert result.summary()["extra predictions"] == 2


def test_repeating_all_records_at_the_end_is_noticed_and_breaks_no_order(scene: Scene) -> None:
    held: dict[str, list[bytes]] = {}

    def repeat_at_the_end(_number: int, read: streams.Read) -> list[bytes]:
        again = held.setdefault(read.key, [])
        again.append(read.data)
        return [read.data, *again] if len(again) == COUNT // KEYS else [read.data]

    result = scene.run(repeat_at_the_end)
    assert result.passed, result.summary()
    assert result.counts == {Verdict.DUPLICATED: COUNT}
    assert result.out_of_order == 0


def test_swapping_two_records_of_a_key_breaks_the_order(scene: Scene) -> None:
    held: list[bytes] = []

    def exchange(number: int, read: streams.Read) -> list[bytes]:
        if number == 0:
            held.extend([read.data, read.key.encode()])
            return []
        return [read.data, held.pop(0)] if len(held) == 2 and read.key.encode() == held[1] else [read.data]

    result = scene.run(exchange)
    assert not result.passed
    assert result.counts == {Verdict.PREDICTED: COUNT}
    assert result.out_of_order == 1


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"sales_prediction": 1.0}, "prediction.sales_prediction is 1.0 instead of"),
        ({"sales_id": "another"}, "for the id 'another'"),
        ({"version": "another"}, 'version is "another" instead of'),
    ],
)
def test_a_changed_prediction_is_wrong(scene: Scene, change: dict[str, Any], mistake: str) -> None:
    result = scene.run(lambda number, read: [_changed(read, **change) if number == 7 else read.data])
    assert not result.passed
    assert result.counts == {Verdict.PREDICTED: COUNT - 1, Verdict.WRONG: 1}
    [wrong] = [entry for entry in result.entries.values() if entry.verdict is Verdict.WRONG]
    assert mistake in wrong.mistake


def test_a_changed_event_id_and_a_truncated_record_are_reported_and_their_events_lost(scene: Scene) -> None:
    def corrupt(number: int, read: streams.Read) -> list[bytes]:
        if number == 7:
            return [_changed(read, event_id="shardId-000000000000:1")]
        return [read.data[:-9]] if number == 9 else [read.data]

    result = scene.run(corrupt)
    assert not result.passed
    assert result.counts == {Verdict.PREDICTED: COUNT - 2, Verdict.LOST: 2}
    assert result.strangers == ["shardId-000000000000:1"]
    assert result.unreadable == 1


def test_failures_count_only_with_the_whole_payload(scene: Scene) -> None:
    """Two events must fail; the stored payload of one is truncated, the other's is unchanged."""
    invalid = [(b'{"sales_id": "cut off"', "a"), (b'{"sales_id": "kept"', "b")]
    target = scene.target.bucket
    assert target is not None
    news = failed.NewFailures(scene.clients.s3, scene.stack.outputs["failed_events_bucket"])
    bodies = [data for data, _ in invalid]

    def copy() -> None:
        for event in news.read(now=True):
            if event.data in bodies:
                body = scene.clients.s3.get_object(Bucket=scene.stack.outputs["failed_events_bucket"], Key=event.key)[
                    "Body"
                ].read()
                document = json.loads(body)
                if event.data == bodies[0]:
                    document["payload"] = document["payload"][:-1]
                scene.clients.s3.put_object(Bucket=target, Key=event.key, Body=json.dumps(document))

    with Watch(copy, 0.2) as watch:
        result = ledger.run(scene.target, invalid, lambda _: [None, None], Step("failures"), None, SHORT_TIMEOUTS)
        watch.check()
    assert not result.passed
    cut, kept = result.entries.values()
    assert cut.verdict is Verdict.LOST
    assert "its stored payload was changed" in cut.mistake
    assert kept.verdict is Verdict.FAILED
    assert "not JSON" in kept.reasons[0]


def test_an_output_stream_is_read_in_order_while_it_is_resharded(scene: Scene) -> None:
    """Splits and a merge while events flow: children are read after their parents."""
    with _resharding(scene.clients, scene.target.output) as seen:
        result = scene.run(lambda _number, read: [read.data], count=1200, rate=150)
    assert result.passed, result.summary()
    assert result.counts == {Verdict.PREDICTED: 1200}
    assert len(seen) >= 5


@contextmanager
def _resharding(clients: Clients, stream: str) -> Iterator[set[str]]:
    """Repeatedly splits a shard and merges two; returns all shards that existed."""
    seen: set[str] = set()

    def change() -> None:
        shards = clients.kinesis.list_shards(StreamName=stream)["Shards"]
        seen.update(shard["ShardId"] for shard in shards)
        ranges = sorted(
            (
                int(shard["HashKeyRange"]["StartingHashKey"]),
                int(shard["HashKeyRange"]["EndingHashKey"]),
                shard["ShardId"],
            )
            for shard in shards
            if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
        )
        if len(ranges) == 2:
            start, end, shard = ranges[0]
            clients.kinesis.split_shard(
                StreamName=stream, ShardToSplit=shard, NewStartingHashKey=str((start + end) // 2)
            )
        else:
            clients.kinesis.merge_shards(
                StreamName=stream, ShardToMerge=ranges[0][2], AdjacentShardToMerge=ranges[1][2]
            )
        poll(lambda: _active(clients, stream), "the resharded stream")

    with Watch(change, 1.5) as watch:
        yield seen
        watch.check()


def _active(clients: Clients, stream: str) -> bool:
    description = clients.kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]
    return description["StreamStatus"] == "ACTIVE"
