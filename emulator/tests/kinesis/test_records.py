"""Records in memory: sequence numbers, iterators, reads, retention, memory and rate limits."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.kinesis.streams.errors import (
    ExpiredIteratorError,
    InvalidArgumentError,
    ResourceNotFoundError,
    ThroughputExceededError,
)
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.tokens import seal

pytestmark = pytest.mark.local_only

MIB = 2**20


def data(records: list[Any]) -> list[bytes]:
    return [record.data for record in records]


def test_sequence_numbers_look_like_aws_and_grow(world: Any) -> None:
    stream = world.create()
    numbers = [place.number for _ in range(3) for place in world.put(stream, b"a", b"b")]
    assert all(len(str(number)) == 56 and str(number).startswith("49") for number in numbers)
    assert numbers == sorted(set(numbers))
    assert stream.shard("shardId-000000000000").numbers.first < numbers[0]


def test_sequence_numbers_do_not_repeat_in_a_stream_recreated_at_once(world: Any) -> None:
    [before] = world.put(world.create(), b"a")
    world.streams.delete(world.name(), with_consumers=False)
    [after] = world.put(world.create(), b"a")
    assert after.number > before.number


def test_explicit_hash_key_chooses_the_shard(world: Any) -> None:
    stream = world.create(2)
    keys = ["0", str(2**127 - 1), str(2**127), str(2**128 - 1)]
    placed = world.streams.put(stream, [entry(b"", "same", key) for key in keys])
    assert [place.shard_id[-1] for place in placed] == ["0", "0", "1", "1"]
    with pytest.raises(InvalidArgumentError, match="ExplicitHashKey"):
        entry(b"", "key", str(2**128))


def test_iterator_types(world: Any) -> None:
    stream = world.create()
    placed = []
    for one in (b"a", b"b", b"c"):
        placed += world.put(stream, one)
        world.clock.now += 10
    middle = placed[1].number
    started = world.clock.now - 20
    assert data(world.read(stream, Start("TRIM_HORIZON"))) == [b"a", b"b", b"c"]
    assert data(world.read(stream, Start("LATEST"))) == []
    assert data(world.read(stream, Start("AT_SEQUENCE_NUMBER", middle))) == [b"b", b"c"]
    assert data(world.read(stream, Start("AFTER_SEQUENCE_NUMBER", middle))) == [b"c"]
    assert data(world.read(stream, Start("AT_TIMESTAMP", timestamp=started))) == [b"b", b"c"]
    assert data(world.read(stream, Start("AT_TIMESTAMP", timestamp=started + 15))) == []


def test_invalid_starts_are_rejected(world: Any) -> None:
    stream, other = world.create(), world.create(name="other")
    [foreign] = world.put(other, b"a")
    for start in (
        Start("AT_SEQUENCE_NUMBER", foreign.number),
        Start("AFTER_SEQUENCE_NUMBER", 17),
        Start("AFTER_SEQUENCE_NUMBER"),
        Start("AT_TIMESTAMP"),
        Start("AT_TIMESTAMP", timestamp=world.clock.now + 1),
    ):
        with pytest.raises(InvalidArgumentError):
            world.read(stream, start)
    with pytest.raises(ResourceNotFoundError, match="shardId-000000000007"):
        world.read(stream, shard=7)


def test_a_record_is_found_by_its_own_arrival_time(world: Any) -> None:
    stream = world.create()
    world.clock.now += 0.0117
    world.put(stream, b"a")
    [record] = world.read(stream)
    assert record.arrival == 1_800_000_000.011  # the API has milliseconds, and rounding up would miss the record
    assert world.read(stream, Start("AT_TIMESTAMP", timestamp=record.arrival)) == [record]


def test_iterator_expires_after_five_minutes_and_cannot_be_forged(world: Any) -> None:
    stream = world.create()
    text = stream.iterator("shardId-000000000000", Start("LATEST")).seal(world.clock.now)
    world.clock.now += 300
    assert world.streams.open_iterator(text)[0] is stream
    world.clock.now += 1
    with pytest.raises(ExpiredIteratorError, match="Iterator expired"):
        world.streams.open_iterator(text)
    for wrong in ("x", text[:-4], ("B" if text[0] == "A" else "A") + text[1:], "ä", text[:20]):
        with pytest.raises(InvalidArgumentError, match=r"Invalid ShardIterator\."):
            world.streams.open_iterator(wrong)


def test_no_token_begins_like_a_command_line_option() -> None:
    assert not [token for token in map(seal, range(1000)) if token.startswith("-")]


def test_iterator_of_a_deleted_stream_does_not_read_its_successor(world: Any) -> None:
    stream = world.create()
    iterator = stream.iterator("shardId-000000000000", Start("LATEST"))
    text = iterator.seal(world.clock.now)
    world.streams.delete(world.name(), with_consumers=False)
    with pytest.raises(ResourceNotFoundError, match="Stream stream under account 000000000000 not found"):
        world.streams.open_iterator(text)
    with pytest.raises(InvalidArgumentError):
        world.create().read(iterator, 1)


def test_milliseconds_behind_is_the_age_of_what_is_left(world: Any) -> None:
    stream = world.create()
    for one in (b"a", b"b"):
        world.put(stream, one)
        world.clock.now += 2
    iterator = stream.iterator("shardId-000000000000", Start("TRIM_HORIZON"))
    assert stream.read(iterator, 1).milliseconds_behind == 2000
    assert stream.read(iterator, 2).milliseconds_behind == 0


@pytest.mark.parametrize(("sizes", "read"), [([4, 4, 4], 2), ([5, 5, 1], 2), ([11, 1], 1), ([1] * 10, 10)])
def test_read_returns_up_to_ten_mebibytes_but_at_least_one_record(world: Any, sizes: list[int], read: int) -> None:
    stream = world.create()
    world.put(stream, *(b"x" * (size * MIB - 3) for size in sizes))  # plus three bytes of partition key
    assert len(world.read(stream)) == read


def test_trimmed_records_are_not_returned_and_do_not_come_back(world: Any) -> None:
    stream = world.create()
    for one in (b"old", b"middle", b"new"):
        world.put(stream, one)
        world.clock.now += 10
    world.clock.now += 24 * 3600 - 25
    assert data(world.read(stream)) == [b"middle", b"new"]
    stream.set_retention(48)
    assert data(world.read(stream)) == [b"middle", b"new"]
    world.clock.now += 10
    stream.set_retention(24)
    stream.set_retention(48)
    assert data(world.read(stream)) == [b"new"]


def test_order_survives_a_clock_set_back(world: Any) -> None:
    stream = world.create()
    started = world.clock.now
    numbers = []
    for ahead, one in ((10, b"a"), (-5, b"b"), (20, b"c")):
        world.clock.now = started + ahead
        numbers += [place.number for place in world.put(stream, one)]
    assert numbers == sorted(numbers)
    assert [record.arrival - started for record in world.read(stream)] == [10, 10, 20]
    assert data(world.read(stream, Start("AT_TIMESTAMP", timestamp=started + 15))) == [b"c"]


def test_memory_limit_trims_the_oldest_records_of_all_streams(
    make_world: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    world = make_world(memory_limit_bytes=MIB)
    streams = [world.create(name=name) for name in ("one", "two")]
    held = []
    with caplog.at_level(logging.WARNING):
        for number in range(400):
            world.clock.now += 0.01
            world.put(streams[number % 2], str(number).encode().ljust(10_000))
            held.append(sum(shard.held_bytes for stream in streams for shard in stream.topology.shards))
    assert max(held) <= MIB
    assert 0.85 * MIB < min(held[150:]) < 0.91 * MIB  # each trim frees some extra memory
    left = sorted(int(record.data) for stream in streams for record in world.read(stream))
    assert left == list(range(400))[-len(left) :]
    assert len([record for record in caplog.records if "KINESIS_MEMORY_LIMIT_MB" in record.message]) == 1


def test_rate_limits_apply_only_if_enforced(make_world: Callable[..., Any]) -> None:
    for enforced in (False, True):
        world = make_world(enforce_limits=enforced)
        stream = world.create()
        placed = world.put(stream, *[b"x"] * 1_200)
        assert sum(place.number is None for place in placed) == (200 if enforced else 0)
        world.clock.now += 1
        placed = world.put(stream, *[b"x" * MIB] * 2)
        assert [place.number is None for place in placed] == ([False, True] if enforced else [False, False])


def test_reads_over_the_rate_are_throttled(make_world: Callable[..., Any]) -> None:
    world = make_world(enforce_limits=True)
    stream = world.create()
    for _ in range(5):
        world.read(stream)
    with pytest.raises(ThroughputExceededError, match="Rate exceeded for shard shardId-000000000000"):
        world.read(stream)
    world.clock.now += 0.2
    world.read(stream)
