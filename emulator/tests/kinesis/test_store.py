"""Streams in a file: acknowledged changes survive a kill, and a restart continues from them."""

import dataclasses
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load
from pipeline_emulator.kinesis.streams import resharding, tokens
from pipeline_emulator.kinesis.streams.errors import ResourceNotFoundError
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.persistence import DatabaseError, StorageError

pytestmark = pytest.mark.local_only


class Stored:
    """A world whose streams are stored in a file; `restart` simulates a kill and a new start."""

    def __init__(self, world: Any, folder: Path) -> None:
        self.world = world
        self.folder = folder
        self.lives = 0
        self.open()

    def open(self, **settings: Any) -> None:
        self.journal = SqliteJournal(self.folder / str(self.lives) / FILE)
        self.world.streams = load(self.journal, StreamSettings(**settings), self.world.clock)

    def restart(self, **settings: int) -> None:
        left = self.folder / str(self.lives)
        self.lives += 1
        shutil.copytree(left, self.folder / str(self.lives))
        self.journal.close()
        self.open(**settings)


@pytest.fixture
def stored(world: Any, tmp_path: Path) -> Iterator[Stored]:
    """A stored world without streams."""
    stored = Stored(world, tmp_path)
    yield stored
    stored.journal.close()


def test_records_are_restored_with_numbers_keys_and_times(stored: Stored) -> None:
    world = stored.world
    stream = world.create(shards=2)
    for second in range(3):
        world.clock.now += 1 + second / 3
        world.streams.put(stream, [entry(bytes([n]), f"k\u00e9y-{n}\0") for n in range(20)])
    before = [world.read(stream, shard=shard) for shard in (0, 1)]
    assert all(before)
    stored.restart()
    again = world.streams.get(world.name())
    assert [world.read(again, shard=shard) for shard in (0, 1)] == before


def test_numbers_keep_growing_after_trimming_and_with_the_clock_set_back(stored: Stored) -> None:
    world = stored.world
    stream = world.create()
    last = world.put(stream, b"a", b"b")[-1].number
    world.clock.now += 25 * 3600
    stream.set_retention(24)
    stored.restart()
    world.clock.now -= 3 * 24 * 3600
    again = world.streams.get(world.name())
    assert world.put(again, b"c")[0].number > last
    assert world.read(again, Start("AFTER_SEQUENCE_NUMBER", last))[0].data == b"c"


def test_creation_times_never_repeat_after_deletion_restart_and_with_the_clock_set_back(stored: Stored) -> None:
    world = stored.world
    first = world.create()
    former = world.put(first, b"a")[0].number
    world.streams.delete(first.name, with_consumers=False)
    stored.restart()
    with pytest.raises(ResourceNotFoundError):
        world.streams.get(world.name())
    world.clock.now -= 3600
    second = world.create()
    assert second.created > first.created
    assert world.put(second, b"b")[0].number > former


def test_settings_are_restored(stored: Stored) -> None:
    world = stored.world
    stream = world.create(mode="ON_DEMAND")
    with stream.changing():
        stream.set_retention(48)
        stream.largest_record_kib = 2048
        stream.key_id = "alias/key"
        stream.metrics = {"IncomingRecords"}
        stream.tags["a"] = "b"
        consumer = stream.consumers.register("consumer", {"c": "d"}, world.clock.now)
        stream.policies[consumer.arn] = "{}"
    stored.restart()
    again = world.streams.get(world.name())
    assert again is not stream
    names = ("created", "begins_at", "mode", "retention_hours", "largest_record_kib", "key_id", "metrics", "tags")
    for name in (*names, "policies", "status"):
        assert getattr(again, name) == getattr(stream, name), name
    assert again.consumers.all() == [consumer]
    assert again.consumers.all()[0].tags == {"c": "d"}


def test_a_failed_change_is_not_stored(stored: Stored) -> None:
    stream = stored.world.create()
    with pytest.raises(KeyError), stream.changing():  # noqa: PT012 - the change before the error matters
        stream.tags["a"] = "b"
        raise KeyError
    stored.restart()
    assert stored.world.streams.get(stream.name).tags == {}


def test_shards_are_restored_with_lineage_and_routes(stored: Stored) -> None:
    world = stored.world
    stream = world.create(shards=2)
    resharding.split(stream, "shardId-000000000000", 2**125, world.clock.now)
    resharding.merge(stream, "shardId-000000000003", "shardId-000000000001", world.clock.now)
    stored.restart()
    again = world.streams.get(stream.name)

    def described(one: Any) -> list[tuple[object, ...]]:
        return [
            (s.shard_id, s.start, s.end, s.parents, s.numbers, s.created_at, s.closed_at, s.last_number)
            for s in one.topology.shards
        ]

    assert described(again) == described(stream)
    assert [s.shard_id for s in again.topology.open_shards] == [s.shard_id for s in stream.topology.open_shards]
    resharding.split(again, "shardId-000000000004", 2**126, world.clock.now)
    assert [s.shard_id for s in again.topology.shards][-1] == "shardId-000000000006"


def test_expired_shards_are_not_restored(stored: Stored) -> None:
    world = stored.world
    stream = world.create()
    resharding.split(stream, "shardId-000000000000", 2**127, world.clock.now)
    world.clock.now += 25 * 3600
    stream.topology.expire(stream.horizon)
    stored.restart()
    assert [s.index for s in world.streams.get(stream.name).topology.shards] == [1, 2]


def test_an_iterator_survives_a_restart(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    world = stored.world
    stream = world.create()
    world.put(stream, b"a")
    text = stream.iterator("shardId-000000000000", Start("TRIM_HORIZON")).seal(world.clock.now)
    monkeypatch.setattr(tokens, "_key", b"of another process")
    stored.restart()
    again, iterator = world.streams.open_iterator(text)
    assert [record.data for record in again.read(iterator, 10).records] == [b"a"]


def test_a_put_that_cannot_be_stored_fails_and_is_not_read(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case of a full disk."""
    world = stored.world
    stream = world.create()
    world.put(stream, b"a")
    with monkeypatch.context() as broken:
        broken.setattr(stored.journal.database, "_connection", sqlite3.connect(":memory:", isolation_level=None))
        with pytest.raises(StorageError):
            world.put(stream, b"b")
        stored.journal.database.close()
    assert [record.data for record in world.read(stream)] == [b"a"]
    world.put(stream, b"c")
    assert [record.data for record in world.read(stream)] == [b"a", b"c"]
    stored.restart()
    assert [record.data for record in world.read(world.streams.get(stream.name))] == [b"a", b"c"]


def test_an_uncommitted_transaction_leaves_nothing(stored: Stored) -> None:
    world = stored.world
    stream = world.create()
    with stored.journal.database.transaction() as connection:
        connection.execute(
            "INSERT INTO record VALUES (?, 1, 0, 'key', x'00')", (stream.topology.shards[0].numbers.created,)
        )
        shutil.copytree(stored.folder / "0", stored.folder / "copy")
    copy = SqliteJournal(stored.folder / "copy" / FILE)
    assert world.read(load(copy, StreamSettings(), world.clock).get(stream.name)) == []
    copy.close()


def rows(stored: Stored) -> int:
    with stored.journal.database.transaction() as connection:
        return int(connection.execute("SELECT COUNT(*) FROM record").fetchone()[0])


def test_trimmed_records_are_deleted_from_the_file(stored: Stored) -> None:
    world = stored.world
    stream = world.create()
    world.put(stream, *[b"old"] * 1500)
    world.clock.now += 25 * 3600
    world.put(stream, b"new")  # trims, because many records are old
    assert rows(stored) == 1
    stream.set_retention(24)
    world.streams.delete(stream.name, with_consumers=False)
    assert rows(stored) == 0


def test_the_memory_limit_applies_to_the_file_and_to_loading(world: Any, tmp_path: Path) -> None:
    stored = Stored(world, tmp_path)
    stream = world.create()
    for _ in range(20):
        world.clock.now += 1
        world.put(stream, *[bytes(1000)] * 10)
    stored.restart(memory_limit_bytes=50 * 1600)
    again = world.streams.get(stream.name)
    left = world.read(again)
    assert 40 <= len(left) <= 50
    assert left[-1].arrival == world.clock.now
    for _ in range(20):
        world.clock.now += 1
        world.put(again, *[bytes(1000)] * 10)
    assert len(world.read(again)) == rows(stored) <= 50
    stored.journal.close()


def test_a_put_to_a_deleted_stream_leaves_nothing(stored: Stored) -> None:
    world = stored.world
    stream = world.create()
    world.streams.delete(stream.name, with_consumers=False)
    world.put(stream, b"late")
    world.create()
    stored.restart()
    assert rows(stored) == 0


def test_a_file_belongs_to_one_process_and_one_version(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match=r"database is locked\nnext: stop the LocalStack"):
        SqliteJournal(tmp_path / "0" / FILE)
    stored.world.create()
    with stored.journal.database.transaction() as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(DatabaseError, match="format 99, this one reads 1"):
        stored.restart()
    (tmp_path / "no-database").write_text("not a database, but long enough for one" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        SqliteJournal(tmp_path / "no-database")


@dataclasses.dataclass
class Work:
    """The work of loading: SQL statements, hundreds of SQLite's virtual machine instructions, and Python calls."""

    statements: int = 0
    instructions: int = 0
    calls: int = 0


def load_again(stored: Stored) -> Work:
    """Load the file once more and count the work."""
    work = Work()

    def count_statement(_statement: str) -> None:
        work.statements += 1

    def count_instructions() -> None:
        work.instructions += 1

    def count_call(_frame: Any, event: str, _argument: Any) -> None:
        work.calls += event in {"call", "c_call"}

    with stored.journal.database.transaction() as connection:
        connection.set_trace_callback(count_statement)
        connection.set_progress_handler(count_instructions, 100)
    former = sys.getprofile()
    sys.setprofile(count_call)
    try:
        stored.world.streams = load(stored.journal, StreamSettings(), stored.world.clock)
    finally:
        sys.setprofile(former)
        with stored.journal.database.transaction() as connection:
            connection.set_trace_callback(None)
            connection.set_progress_handler(None, 0)
    return work


def test_the_work_of_loading_grows_no_faster_than_the_records(stored: Stored) -> None:
    world = stored.world
    stream = world.create(shards=2)
    works = []
    for records in (10_000, 20_000):
        for start in range(records - 10_000, records, 500):
            world.streams.put(stream, [entry(bytes(200), str(n)) for n in range(start, start + 500)])
        held = sum(shard.held_bytes for shard in stream.topology.shards)
        stored.restart()
        works.append(load_again(stored))
        stream = world.streams.get(stream.name)
        assert sum(shard.held_bytes for shard in stream.topology.shards) == held > records * 200
    once, twice = works
    assert once.statements == twice.statements
    assert 0 < twice.instructions < 2.1 * once.instructions
    assert 0 < twice.calls < 2.1 * once.calls
    assert twice.calls < 20 * 20_000
