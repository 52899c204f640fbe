"""Metrics of puts and reads, for the stream and its shards."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.hooks import Event
from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.provider.data import read
from pipeline_emulator.kinesis.streams.errors import ThroughputExceededError
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.stream import Placed
from pipeline_emulator.metrics import kinesis as metrics
from pipeline_emulator.metrics.aggregator import Aggregator

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[tuple[str, ...], dict[str, Any]]]:
    """Return a function that drains the metrics, as totals by the values of the dimensions."""
    aggregator = Aggregator()
    monkeypatch.setattr(metrics, "METRICS", aggregator)
    for name, count in (("records_read", metrics.count_read), ("read_throttled", metrics.count_throttled_read)):
        hook: Event[...] = Event()
        hook.subscribe(count)
        monkeypatch.setattr(hooks, name, hook)

    def take() -> dict[tuple[str, ...], dict[str, Any]]:
        [minute] = aggregator.drain().values()
        return {
            tuple(value for _, value in resource.dimensions): {name: found.total for name, found in sets.items()}
            for resource, sets in minute.items()
        }

    return take


def test_put_counts_records_and_refusals_for_stream_and_shards(world: Any, counted: Callable[..., Any]) -> None:
    stream = world.create(2)
    stream.metrics = {"IncomingRecords", "WriteProvisionedThroughputExceeded"}
    placed = [Placed(FIRST, 1), Placed(SECOND, 2), Placed(SECOND, None)]
    metrics.count_put(stream, "PutRecords", world.clock() - 0.25, world.clock(), [10, 20, 40], placed)
    assert counted() == {
        ("stream",): {
            "IncomingRecords": 2,
            "IncomingBytes": 30,
            "WriteProvisionedThroughputExceeded": 1,
            "PutRecords.Bytes": 30,
            "PutRecords.Latency": 250,
            "PutRecords.Success": 1,
            "PutRecords.Records": 2,
            "PutRecords.TotalRecords": 3,
            "PutRecords.SuccessfulRecords": 2,
            "PutRecords.FailedRecords": 0,
            "PutRecords.ThrottledRecords": 1,
        },
        (FIRST, "stream"): {"IncomingRecords": 1, "WriteProvisionedThroughputExceeded": 0},
        (SECOND, "stream"): {"IncomingRecords": 1, "WriteProvisionedThroughputExceeded": 1},
    }


def test_read_counts_records_and_the_age_of_the_last_one(world: Any, counted: Callable[..., Any]) -> None:
    stream = world.create()
    stream.metrics = {"OutgoingBytes", "IteratorAgeMilliseconds"}
    world.put(stream, b"1234", key="a")
    world.clock.now += 5
    world.put(stream, b"12", key="a")
    world.clock.now += 2.5
    iterator = stream.iterator(FIRST, Start("TRIM_HORIZON"))
    assert len(read(stream, iterator, 10, world.clock).records) == 2
    assert counted() == {
        ("stream",): {
            "GetRecords.Bytes": 8,
            "GetRecords.IteratorAgeMilliseconds": 2500,
            "GetRecords.Latency": 0,
            "GetRecords.Records": 2,
            "GetRecords.Success": 1,
            "ReadProvisionedThroughputExceeded": 0,
        },
        (FIRST, "stream"): {"OutgoingBytes": 8, "IteratorAgeMilliseconds": 2500},
    }
    read(stream, stream.iterator(FIRST, Start("LATEST")), 10, world.clock)
    assert counted()["stream",]["GetRecords.IteratorAgeMilliseconds"] == 0


def test_refused_read_counts_as_one(make_world: Callable[..., Any], counted: Callable[..., Any]) -> None:
    world = make_world(enforce_limits=True)
    stream = world.create()
    iterator = stream.iterator(FIRST, Start("TRIM_HORIZON"))
    for _ in range(5):
        read(stream, iterator, 10, world.clock)
    with pytest.raises(ThroughputExceededError):
        read(stream, iterator, 10, world.clock)
    found = counted()["stream",]
    assert (found["GetRecords.Success"], found["ReadProvisionedThroughputExceeded"]) == (5, 1)
