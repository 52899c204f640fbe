"""Copies of all streams in a file of their own, as snapshots have them."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.kinesis.store import copying
from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load
from pipeline_emulator.kinesis.streams import resharding
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.streams import Streams

pytestmark = pytest.mark.local_only


def filled(world: Any) -> Any:
    """Return a stream with settings, records, and a shard that was split."""
    stream = world.create(shards=2)
    world.streams.put(stream, [entry(bytes([n]), f"k-{n}") for n in range(20)])
    world.clock.now += 60
    resharding.split(stream, "shardId-000000000000", 2**126, world.clock.now)
    world.streams.put(stream, [entry(bytes([n]), f"k-{n}") for n in range(20, 40)])
    with stream.changing():
        stream.tags["a"] = "b"
        stream.consumers.register("consumer", {}, world.clock.now)
    return stream


def described(stream: Any) -> list[Any]:
    shards = [(one.shard_id, one.closed_at, one.latest, one.records) for one in stream.topology.shards]
    return [stream.name, stream.created, stream.tags, stream.consumers.all(), shards]


def test_a_copy_has_every_shard_record_and_setting(world: Any, tmp_path: Path) -> None:
    stream = filled(world)
    copying.save(world.streams, tmp_path)
    other = Streams(StreamSettings(), world.clock)
    copying.load(other, tmp_path)
    (copy,) = other.every()
    assert described(copy) == described(stream)
    # AND new records get higher numbers
    latest = {shard.shard_id: shard.latest for shard in copy.topology.shards}
    (placed,) = other.put(copy, [entry(b"next", "k")])
    assert placed.number
    assert placed.number > latest[placed.shard_id]


def test_a_loaded_copy_is_stored_where_changes_are(world: Any, tmp_path: Path) -> None:
    stream = filled(world)
    before = described(stream)
    copying.save(world.streams, tmp_path)
    kept = tmp_path / "kept" / FILE
    journal = SqliteJournal(kept)
    streams = load(journal, StreamSettings(), world.clock)
    copying.load(streams, tmp_path)
    journal.close()
    with closing(SqliteJournal(kept)) as again:
        (found,) = load(again, StreamSettings(), world.clock).every()
        assert not again.losses.records
        assert not again.losses.unknown
        assert described(found) == before
