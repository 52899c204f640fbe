"""Splits, merges and listings of shards in memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.errors import (
    InvalidArgumentError,
    LimitExceededError,
    ResourceInUseError,
    ResourceNotFoundError,
    ValidationError,
)
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.listing import ShardFilter, list_shards
from pipeline_emulator.kinesis.streams.topology import HASH_KEYS, uniform_ranges

pytestmark = pytest.mark.local_only

FIRST, SECOND = "shardId-000000000000", "shardId-000000000001"


def indexes(shards: list[Any]) -> list[int]:
    return [shard.index for shard in shards]


def test_split_closes_the_parent_and_creates_children(world: Any) -> None:
    stream = world.create()
    [before] = world.put(stream, b"a")
    iterator = stream.iterator(FIRST, Start("TRIM_HORIZON"))
    resharding.split(stream, FIRST, HASH_KEYS // 2, world.clock.now)
    [after] = world.put(stream, b"b")
    parent, *children = stream.topology.shards
    assert parent.last_number > before.number
    assert all(child.parents == (FIRST,) and child.numbers.first > parent.last_number for child in children)
    assert after.number > parent.last_number
    chunk = stream.read(iterator, 10)
    assert ([record.data for record in chunk.records], chunk.position) == ([b"a"], None)


def test_reads_of_a_closed_shard_end_after_its_last_record(world: Any) -> None:
    stream = world.create()
    world.put(stream, b"a", b"b")
    resharding.split(stream, FIRST, HASH_KEYS // 2, world.clock.now)
    chunk = stream.read(stream.iterator(FIRST, Start("TRIM_HORIZON")), 1)
    assert chunk.position == chunk.records[0].number


def test_merge_names_both_parents(world: Any) -> None:
    stream = world.create(3)
    resharding.merge(stream, FIRST, SECOND, world.clock.now)
    child = stream.topology.shards[-1]
    assert child.parents == (FIRST, SECOND)
    assert (child.start, child.end) == (0, stream.shard(SECOND).end)


def test_invalid_reshardings_are_rejected(world: Any) -> None:
    stream = world.create(3)
    now = world.clock.now
    with pytest.raises(InvalidArgumentError, match="not an adjacent pair"):
        resharding.merge(stream, FIRST, "shardId-000000000002", now)
    with pytest.raises(ResourceNotFoundError, match="Could not find shard"):
        resharding.merge(stream, FIRST, "shardId-000000000009", now)
    with pytest.raises(InvalidArgumentError, match="greater than one plus the shard's StartingHashKey 0"):
        resharding.split(stream, FIRST, 0, now)
    resharding.merge(stream, FIRST, SECOND, now)
    with pytest.raises(InvalidArgumentError, match="already been merged or split"):
        resharding.split(stream, FIRST, 10, now)
    with pytest.raises(InvalidArgumentError, match="scale up over double"):
        resharding.scale(stream, 5, now)
    with pytest.raises(InvalidArgumentError, match="scale down below half"):
        resharding.scale(world.create(5, name="five"), 2, now)


def test_an_on_demand_stream_is_not_resharded(world: Any) -> None:
    stream, now = world.create(None, mode="ON_DEMAND"), world.clock.now
    with pytest.raises(ValidationError, match="On-Demand mode"):
        resharding.scale(stream, 5, now)
    with pytest.raises(ValidationError, match="On-Demand mode"):
        resharding.split(stream, FIRST, 10, now)
    with pytest.raises(ValidationError, match="On-Demand mode"):
        resharding.merge(stream, FIRST, SECOND, now)
    assert len(stream.topology.shards) == 4


def test_a_stream_is_scaled_up_to_ten_times_a_day_if_limits_apply(world: Any, make_world: Callable[..., Any]) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html"""
    limited = make_world(enforce_limits=True)
    for each, times in ((limited, 10), (world, 12)):
        stream = each.create()
        for number in range(times):
            resharding.scale(stream, 1 + number % 2, each.clock.now + number)
    stream, now = limited.streams.get(limited.name()), limited.clock.now
    with pytest.raises(LimitExceededError):
        resharding.scale(stream, 1, now + 24 * 3600 - 1)
    resharding.scale(stream, 1, now + 24 * 3600)


@pytest.mark.parametrize(("count", "target"), [(1, 2), (2, 3), (3, 6), (4, 2), (5, 3), (7, 5), (3, 3)])
def test_scaling_ends_with_equal_ranges(world: Any, count: int, target: int) -> None:
    stream = world.create(count)
    assert resharding.scale(stream, target, world.clock.now) == count
    assert [(shard.start, shard.end) for shard in stream.topology.open_shards] == uniform_ranges(target)
    assert all(shard.parents or shard.index < count for shard in stream.topology.shards)


def test_filters(world: Any) -> None:
    stream = world.create(2)
    world.clock.now += 100
    before = world.clock.now
    world.clock.now += 100
    resharding.split(stream, FIRST, 1000, world.clock.now)
    world.clock.now += 100
    after = world.clock.now
    assert indexes(list_shards(stream)) == [0, 1, 2, 3]
    for chosen, expected in (
        (ShardFilter("AFTER_SHARD_ID", SECOND), [2, 3]),
        (ShardFilter("AT_LATEST"), [1, 2, 3]),
        (ShardFilter("AT_TRIM_HORIZON"), [0, 1]),
        (ShardFilter("FROM_TRIM_HORIZON"), [0, 1, 2, 3]),
        (ShardFilter("AT_TIMESTAMP", timestamp=before), [0, 1]),
        (ShardFilter("AT_TIMESTAMP", timestamp=0), [0, 1]),
        (ShardFilter("AT_TIMESTAMP", timestamp=after), [1, 2, 3]),
        (ShardFilter("FROM_TIMESTAMP", timestamp=before), [0, 1, 2, 3]),
        (ShardFilter("FROM_TIMESTAMP", timestamp=after), [1, 2, 3]),
    ):
        assert indexes(list_shards(stream, chosen)) == expected, chosen
    for chosen in (ShardFilter("AFTER_SHARD_ID"), ShardFilter("AT_TIMESTAMP"), ShardFilter("FROM_TIMESTAMP")):
        with pytest.raises(InvalidArgumentError):
            list_shards(stream, chosen)


def test_closed_shards_expire_with_their_records(world: Any) -> None:
    stream = world.create()
    resharding.split(stream, FIRST, 1000, world.clock.now)
    world.clock.now += 24 * 3600 + 1
    assert indexes(list_shards(stream)) == [1, 2]


def test_status_follows_the_latency(make_world: Callable[..., Any]) -> None:
    world = make_world(latency_seconds=1)
    stream = world.create()
    assert stream.status == "CREATING"
    with pytest.raises(ResourceNotFoundError):
        world.streams.usable(world.name())
    world.clock.now += 1
    assert world.streams.usable(world.name()).status == "ACTIVE"
    resharding.split(stream, FIRST, 1000, world.clock.now)
    with pytest.raises(ResourceInUseError, match="not ACTIVE, instead in state UPDATING"):
        resharding.split(stream, SECOND, 100, world.clock.now)
    world.clock.now += 1
    world.streams.delete(world.name(), with_consumers=False)
    assert world.streams.get(world.name()).status == "DELETING"
    with pytest.raises(ResourceInUseError, match="already exists"):
        world.create()
    world.clock.now += 1
    assert world.streams.all("000000000000", "ap-south-1") == []
    world.create()


def test_quotas_of_the_account(world: Any) -> None:
    with pytest.raises(LimitExceededError, match="exceed the shard limit for the account 000000000000 in ap-south-1"):
        world.create(1_001)
    world.create(1_000)
    with pytest.raises(LimitExceededError):
        world.create(1, name="other")
    assert len(world.create(1, name="on-demand", mode="ON_DEMAND").topology.open_shards) == 4


def test_puts_during_reshardings_lose_nothing(world: Any) -> None:
    stream = world.create(2)
    with ThreadPoolExecutor(4) as pool:
        puts = [
            pool.submit(world.put, stream, *(b"%d" % (number * 10 + index) for index in range(10)), key=str(number))
            for number in range(300)
        ]
        for target in (4, 3, 6, 3, 2, 1):
            resharding.scale(stream, target, world.clock.now)
    placed = [place for put in puts for place in put.result()]
    found = [record for shard in stream.topology.shards for record in world.read(stream, shard=shard.index)]
    assert sorted(record.number for record in found) == sorted(place.number for place in placed)
    assert sorted(int(record.data) for record in found) == list(range(3_000))


def test_put_routed_to_a_shard_that_closes_goes_to_its_child(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = world.create()
    found_before = iter([stream.shard(FIRST)])
    resharding.split(stream, FIRST, HASH_KEYS // 2, world.clock.now)
    route = stream.topology.route
    monkeypatch.setattr(stream.topology, "route", lambda key: next(found_before, None) or route(key))
    [placed] = world.put(stream, b"a")
    assert placed.shard_id != FIRST
    assert placed.number > stream.shard(FIRST).last_number
