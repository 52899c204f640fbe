"""Stored progress of mappings: it survives a kill, and the right mapping inherits it."""

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline_emulator.event_source.checkpoints import CheckpointStore
from pipeline_emulator.event_source.mappings import Mappings
from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard, begin, position

pytestmark = pytest.mark.local_only

CREATED = datetime(2026, 11, 24, 12, 0, 0, 123000, tzinfo=UTC)
STREAM = "arn:aws:kinesis:ap-south-1:000000000000:stream/s"
FUNCTION = "arn:aws:lambda:ap-south-1:000000000000:function:f"
FIRST = 49_600_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000_000


class Lives:
    """Successive `Mappings`, each with the file that a kill of the previous one left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lives = 0
        self.open()

    def open(self) -> None:
        self.store = CheckpointStore(self.folder / str(self.lives) / "checkpoints.sqlite3")
        self.mappings = Mappings(self.store)

    def restart(self) -> None:
        left = self.folder / str(self.lives)
        self.lives += 1
        shutil.copytree(left, self.folder / str(self.lives))
        self.store.close()
        self.open()


@pytest.fixture
def lives(tmp_path: Path) -> Iterator[Lives]:
    lives = Lives(tmp_path)
    yield lives
    lives.store.close()


def mapping(uuid: str, function: str = FUNCTION, start: str = "TRIM_HORIZON") -> MappingSettings:
    return MappingSettings(uuid, function, STREAM, starting_position=start)


def started(mappings: Mappings, settings: MappingSettings, created: datetime = CREATED) -> MappingProgress:
    """Return the progress of a mapping that has started to read its stream, set up as by `MappingConsumer`."""
    progress = mappings.progress(settings)
    progress.check_stream(created)
    if progress.started_at is None:
        begin(progress, [Shard("a"), Shard("ended", closed=True)], settings, CREATED)
    return progress


def test_a_mapping_created_after_a_kill_continues_the_lost_one(lives: Lives) -> None:
    shard = started(lives.mappings, mapping("one")).shard("a")
    for number in range(5):
        shard.register(FIRST + number)
    shard.complete([FIRST, FIRST + 1, FIRST + 3])
    lives.restart()
    again = started(lives.mappings, mapping("two")).shard("a")
    assert position("a", lives.mappings.progress(mapping("two")), mapping("two"), first_start=False) == Position(
        "AFTER_SEQUENCE_NUMBER", sequence_number=FIRST + 1
    )
    assert [again.register(FIRST + number) for number in (2, 3, 4)] == [True, False, True]
    again.complete([FIRST + 2])
    assert again.checkpoint == FIRST + 3


@pytest.mark.parametrize("other", [mapping("two", FUNCTION + "2"), MappingSettings("two", FUNCTION, STREAM + "2")])
def test_another_function_or_stream_inherits_nothing(lives: Lives, other: MappingSettings) -> None:
    started(lives.mappings, mapping("one")).shard("a").register(FIRST)
    lives.restart()
    assert lives.mappings.progress(other).started_at is None
    assert lives.mappings.progress(mapping("three")).inherited


def test_a_mapping_of_an_alias_continues_that_of_the_unqualified_function(lives: Lives) -> None:
    started(lives.mappings, mapping("one")).shard("a").register(FIRST)
    for life in range(2):  # the second time it is found by the alias
        lives.restart()
        assert lives.mappings.progress(mapping(f"new-{life}", FUNCTION + ":live")).shard("a").first_seen == FIRST


def test_a_mapping_of_an_alias_prefers_the_progress_of_the_alias(lives: Lives) -> None:
    started(lives.mappings, mapping("function"))
    started(lives.mappings, mapping("alias", FUNCTION + ":live")).shard("a").register(FIRST)
    lives.restart()
    assert lives.mappings.progress(mapping("new", FUNCTION + ":live")).shard("a").first_seen == FIRST
    assert not lives.mappings.progress(mapping("other", FUNCTION + ":canary")).shard("a").first_seen


def test_the_unqualified_function_inherits_nothing_from_an_alias(lives: Lives) -> None:
    started(lives.mappings, mapping("one", FUNCTION + ":live"))
    lives.restart()
    assert not lives.mappings.progress(mapping("two")).inherited


def test_progress_is_inherited_once(lives: Lives) -> None:
    started(lives.mappings, mapping("one"))
    lives.restart()
    assert lives.mappings.progress(mapping("two")).inherited
    assert not lives.mappings.progress(mapping("three")).inherited


def test_a_deleted_mapping_leaves_nothing_to_inherit(lives: Lives) -> None:
    started(lives.mappings, mapping("one")).shard("a").register(FIRST)
    lives.mappings.delete(mapping("one"))
    lives.restart()
    assert not lives.mappings.progress(mapping("two")).inherited


def test_deleting_a_mapping_that_never_ran_deletes_what_it_would_have_inherited(lives: Lives) -> None:
    started(lives.mappings, mapping("one"))
    lives.restart()
    lives.mappings.delete(mapping("two"))
    assert not lives.mappings.progress(mapping("three")).inherited
    lives.restart()
    assert not lives.mappings.progress(mapping("four")).inherited


def test_an_update_keeps_the_progress_even_with_another_function(lives: Lives) -> None:
    progress = started(lives.mappings, mapping("one"))
    progress.shard("a").register(FIRST)
    assert lives.mappings.progress(mapping("one", FUNCTION + ":live")) is progress
    lives.restart()
    assert not lives.mappings.progress(mapping("two")).inherited
    assert lives.mappings.progress(mapping("three", FUNCTION + ":live")).shard("a").first_seen == FIRST


def test_stopping_with_localstack_keeps_the_progress(lives: Lives) -> None:
    started(lives.mappings, mapping("one"))
    lives.mappings.forget("one")
    lives.restart()
    assert lives.mappings.progress(mapping("two")).inherited


def test_latest_remains_the_start_of_the_lost_mapping(lives: Lives) -> None:
    latest = mapping("one", start="LATEST")
    started(lives.mappings, latest)
    lives.restart()
    progress = started(lives.mappings, latest)
    assert position("a", progress, latest, first_start=False) == Position("AT_TIMESTAMP", timestamp=CREATED)
    assert progress.finished == {"ended"}


def test_an_inherited_mapping_starts_anew_in_a_recreated_stream(lives: Lives) -> None:
    """A mapping older than the recreated stream would read it from its beginning; this one is newer."""
    latest = mapping("one", start="LATEST")
    shard = started(lives.mappings, latest).shard("a")
    shard.register(FIRST)
    shard.complete([FIRST])
    lives.restart()
    progress = started(lives.mappings, latest, created=CREATED + timedelta(seconds=1))
    assert position("a", progress, latest, first_start=True) == Position("LATEST")
    lives.restart()
    assert lives.mappings.progress(latest).shards["ended"].finished
    assert "a" not in lives.mappings.progress(latest).shards


def test_records_completed_out_of_order_are_never_delivered_again(lives: Lives) -> None:
    chosen = random.Random(4)
    numbers = [FIRST + 7 * step for step in range(300)]
    done: set[int] = set()
    for life in range(10):
        shard = started(lives.mappings, mapping(str(life))).shard("a")
        checkpoint = shard.checkpoint or 0
        assert {number for number in numbers if number <= checkpoint} | shard.completed == done
        delivered = [number for number in numbers if number > checkpoint and shard.register(number)]
        assert done.isdisjoint(delivered)
        assert done.union(delivered) == set(numbers)
        for _ in range(6):
            batch = chosen.sample(delivered, min(5, len(delivered)))
            delivered = [number for number in delivered if number not in batch]
            shard.complete(batch)
            done.update(batch)
        lives.restart()
    assert done == set(numbers)


def test_progress_from_a_snapshot_is_inherited_and_stored(lives: Lives, tmp_path: Path) -> None:
    # GIVEN progress in a file of its own
    saved = Mappings()
    progress = started(saved, mapping("one"))
    shard = progress.shard("shardId-000000000000")
    for number in range(FIRST, FIRST + 5):
        shard.register(number)
    shard.complete([FIRST, FIRST + 1, FIRST + 3])
    store = CheckpointStore(tmp_path / "snapshot.sqlite3")
    journal = store.create((FUNCTION, STREAM)).journal
    journal.copied(progress)
    # WHEN it is taken over, and LocalStack is killed
    lives.mappings.take_over(store.load())
    store.close()
    lives.restart()
    # THEN the mapping of the same function and stream goes on from there
    found = lives.mappings.progress(mapping("another")).shard("shardId-000000000000")
    assert (found.checkpoint, found.completed) == (FIRST + 1, {FIRST + 3})
