"""Damaged files of streams: one clear error, or the number of records that are gone. Full disks: nothing is lost."""

import contextlib
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline_emulator.kinesis.store.acknowledged import SUFFIX
from pipeline_emulator.kinesis.store.journal import FILE, SqliteJournal
from pipeline_emulator.kinesis.store.loading import load, open_streams
from pipeline_emulator.kinesis.store.losses import Losses
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.streams import Streams
from pipeline_emulator.persistence import DatabaseError, StorageError

pytestmark = pytest.mark.local_only

RECORDS = 2000


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Streams, Losses]]:
    """The streams in a file, and what is missing."""
    streams, journal = open_streams(path, StreamSettings())
    try:
        yield streams, journal.losses
    finally:
        journal.close()


def fill(world: Any, path: Path, *, close: bool) -> SqliteJournal:
    """Write a stream with records. Without `close`, they are in the write-ahead log, as after a kill."""
    journal = SqliteJournal(path)
    world.streams = load(journal, StreamSettings(), world.clock)
    stream = world.create(shards=1)
    for batch in range(RECORDS // 100):
        world.clock.now += 1
        world.put(stream, *[b"%d-%d" % (batch, index) * 20 for index in range(100)])
    if close:
        journal.close()
    return journal


@pytest.fixture
def closed(world: Any, tmp_path: Path) -> Path:
    """A file with records, and no log."""
    path = tmp_path / "state" / FILE
    fill(world, path, close=True)
    return path


@pytest.fixture
def killed(world: Any, tmp_path: Path) -> Path:
    """A file as a killed LocalStack leaves it: the records are in the log."""
    journal = fill(world, tmp_path / "running" / FILE, close=False)
    shutil.copytree(tmp_path / "running", tmp_path / "state")
    journal.close()
    return tmp_path / "state" / FILE


def overwrite(path: Path, content: bytes, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def execute(path: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def truncate(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_database(path: Path) -> None:
    path.unlink()
    execute(path, "CREATE TABLE stream (of_another_program TEXT)")


noise = random.Random(11).randbytes

DAMAGES: dict[str, Callable[[Path], object]] = {
    "half of it": lambda path: truncate(path, path.stat().st_size // 2),
    "cut within a page": lambda path: truncate(path, path.stat().st_size - 1000),
    "one page": lambda path: truncate(path, 4096),
    "a header without the rest": lambda path: truncate(path, 100),
    "empty": lambda path: truncate(path, 0),
    "zeros in the middle": lambda path: overwrite(path, bytes(8192), 40 * 4096),
    "noise in the middle": lambda path: overwrite(path, noise(8192), 40 * 4096),
    "zeros in the root pages": lambda path: overwrite(path, bytes(4096 * 4), 4096),
    "noise in the header": lambda path: overwrite(path, noise(100), 0),
    "text": lambda path: path.write_text("not a database, but long enough for one" * 200),
    "noise": lambda path: path.write_bytes(noise(20_000)),
    "another program's database": replace_database,
    "a missing table": lambda path: execute(path, "DROP TABLE shard"),
    "a missing column": lambda path: execute(path, "ALTER TABLE record DROP COLUMN arrival"),
    "a further table": lambda path: execute(path, "CREATE TABLE further (a TEXT)"),
    "no version": lambda path: execute(path, "PRAGMA user_version = 0", "DROP TABLE record"),
    "settings that are no JSON": lambda path: execute(path, "UPDATE stream SET settings = '{\"mode\": '"),
    "settings without keys": lambda path: execute(path, "UPDATE stream SET settings = '{}'"),
    "parents that are no JSON": lambda path: execute(path, "UPDATE shard SET parents = 'no JSON'"),
    "a stream without shards": lambda path: execute(path, "DELETE FROM shard"),
    "text as a counter": lambda path: execute(path, "UPDATE shard SET counter = 'many'"),
    "text as a time": lambda path: execute(path, "UPDATE record SET arrival = 'yesterday'"),
    "a key that is no number": lambda path: execute(path, "UPDATE shard SET first_key = 'a'"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_is_one_error_with_two_ways_on(closed: Path, damage: Callable[[Path], object]) -> None:
    damage(closed)
    before = closed.read_bytes()
    with pytest.raises(DatabaseError) as error:
        open_streams(closed, StreamSettings())
    assert str(closed) in error.value.cause
    assert "damaged" in error.value.cause
    assert "all Kinesis streams and their records" in error.value.cause
    assert "restore the file from a copy" in error.value.next_step
    assert f"start without it: rm {closed}*" in error.value.next_step
    # AND the file is as it was, and nothing holds it open: the second way works
    assert closed.read_bytes() == before
    for left in closed.parent.glob(f"{FILE}*"):
        left.unlink()
    with opened(closed) as (streams, losses):
        assert streams.all("000000000000", "ap-south-1") == []
        assert not losses.records


@pytest.mark.parametrize(
    "damage",
    [
        make_folder,
        lambda path: (path.unlink(), path.symlink_to(path.parent / "missing" / "file")),
        lambda path: path.with_name(f"{FILE}-wal").mkdir(),
    ],
    ids=["a folder", "a link to nowhere", "a folder in place of the log"],
)
def test_a_file_that_cannot_be_opened_is_one_error(closed: Path, damage: Callable[[Path], object]) -> None:
    damage(closed)
    with pytest.raises(DatabaseError) as error:
        open_streams(closed, StreamSettings())
    assert f"{closed} cannot be used: " in error.value.cause
    assert "It holds all Kinesis streams and their records" in error.value.cause
    assert "start without it" in error.value.next_step


LOG_DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": lambda log: log.unlink(),
    "empty": lambda log: truncate(log, 0),
    "cut": lambda log: truncate(log, log.stat().st_size // 3),
    "its last byte is missing": lambda log: truncate(log, log.stat().st_size - 1),
    "zeros in its header": lambda log: overwrite(log, bytes(32), 0),
    "noise in its header": lambda log: overwrite(log, noise(32), 0),
    "one bit": lambda log: overwrite(log, bytes([log.read_bytes()[200_000] ^ 1]), 200_000),
    "noise in the middle": lambda log: overwrite(log, noise(5000), 100_000),
    "noise": lambda log: log.write_bytes(noise(50_000)),
}


@pytest.mark.parametrize("damage", LOG_DAMAGES.values(), ids=LOG_DAMAGES.keys())
def test_a_damaged_log_is_noticed_and_the_records_that_are_gone_are_counted(
    world: Any, killed: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    last = world.read(world.streams.get(world.name()))[-1].number
    damage(killed.with_name(f"{FILE}-wal"))
    journal = SqliteJournal(killed)
    streams = load(journal, StreamSettings(), world.clock)
    found = [len(world.read(stream)) for stream in streams.all("000000000000", "ap-south-1")]
    gone = RECORDS - sum(found)
    assert gone > 0
    assert journal.losses.records == {"stream" if found else None: gone}
    assert f"{killed}: {gone} acknowledged records are gone" in caplog.text
    # AND no number is given again
    world.streams = streams
    stream = streams.get(world.name()) if found else world.create()
    world.put(stream, b"next")
    assert world.read(stream)[-1].number > last
    journal.close()
    # AND the next start has nothing to report
    with opened(killed) as (_, losses):
        assert not losses.records


def test_an_older_copy_is_noticed(world: Any, tmp_path: Path) -> None:
    journal = fill(world, tmp_path / FILE, close=True)
    shutil.copy(tmp_path / FILE, tmp_path / "copy")
    journal = SqliteJournal(tmp_path / FILE)
    world.streams = load(journal, StreamSettings(), world.clock)
    world.put(world.streams.get(world.name()), b"a", b"b", b"c")
    world.put(world.create(name="other"), b"d")
    journal.close()
    shutil.copy(tmp_path / "copy", tmp_path / FILE)
    with opened(tmp_path / FILE) as (_, losses):
        assert losses.records == {"stream": 3, None: 1}


def test_a_removed_file_is_noticed(closed: Path) -> None:
    closed.unlink()
    with opened(closed) as (_, losses):
        assert losses.records == {None: RECORDS}


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        make_folder,
        lambda path: path.write_bytes(b""),
        lambda path: overwrite(path, b"\1", 40),
        lambda path: overwrite(path, b"\1", 20),
        lambda path: truncate(path, 100),
        lambda path: path.write_bytes(noise(100)),
    ],
    ids=["missing", "a folder", "empty", "a counter", "the header", "cut", "noise"],
)
def test_without_the_counters_the_log_says_that_losses_are_unknown(
    killed: Path, damage: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    damage(killed.with_name(f"{FILE}{SUFFIX}"))
    with opened(killed) as (streams, losses):
        assert len(streams.all("000000000000", "ap-south-1")) == 1
        assert losses.unknown
    assert "whether acknowledged records are gone is not known" in caplog.text


def test_what_is_deleted_or_trimmed_is_not_reported(world: Any, tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / FILE)
    world.streams = load(journal, StreamSettings(), world.clock)
    for name in ("deleted", "trimmed", "split"):
        world.put(world.create(name=name), *[b"x"] * 1500)
    world.streams.delete(world.name("deleted"), with_consumers=False)
    split = world.streams.get(world.name("split"))
    split.topology.split(split.shard("shardId-000000000000"), 2**127, world.clock.now)
    world.clock.now += 25 * 3600
    split.topology.expire(split.horizon)
    world.streams.get(world.name("trimmed")).set_retention(24)
    for index in range(300):  # more shards than the file of counters has room for at first
        world.create(name=f"many-{index}")
    journal.close()
    with opened(tmp_path / FILE) as (_, losses):
        assert not losses.records
        assert not losses.unknown


@contextlib.contextmanager
def no_room_in_files() -> Iterator[None]:
    """Let writes fail that make a file longer than a few pages, as those on a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@contextlib.contextmanager
def no_room_in_database(journal: SqliteJournal) -> Iterator[None]:
    """Let SQLite answer that the disk is full."""
    with journal.database.transaction() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (most,) = connection.execute("PRAGMA max_page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        with journal.database.transaction() as connection:
            connection.execute(f"PRAGMA max_page_count = {most}")


@pytest.mark.parametrize("full", [lambda _journal: no_room_in_files(), no_room_in_database], ids=["files", "database"])
def test_a_full_disk_refuses_puts_and_loses_nothing(
    world: Any, tmp_path: Path, full: Callable[[SqliteJournal], Any], caplog: pytest.LogCaptureFixture
) -> None:
    journal = SqliteJournal(tmp_path / FILE)
    world.streams = load(journal, StreamSettings(), world.clock)
    stream = world.create()
    world.put(stream, b"before")
    with full(journal):
        for _ in range(3):
            with pytest.raises(StorageError, match=FILE):
                world.put(stream, *[bytes(10_000)] * 5)
        with pytest.raises(StorageError, match=FILE):
            [world.create(shards=100, name=f"other-{index}") for index in range(20)]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1, "one line, not one for each attempt"
    assert f"{tmp_path / FILE} cannot be read or written" in errors[0]
    world.put(stream, b"after")
    assert f"{tmp_path / FILE} can be written again" in caplog.text
    before = [record.number for record in world.read(stream)]
    assert len(before) == 2
    journal.close()
    with opened(tmp_path / FILE) as (streams, losses):
        assert [record.number for record in world.read(streams.get(stream.name))] == before
        assert not losses.records
