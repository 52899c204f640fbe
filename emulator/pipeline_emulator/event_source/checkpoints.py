"""Stores the progress of mappings in an SQLite file (PERSISTENCE=1)."""

import itertools
import json
import sqlite3
from collections.abc import Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import override

from pipeline_emulator.event_source.mappings import MappingKey
from pipeline_emulator.event_source.progress import MappingProgress, ProgressJournal, ShardProgress
from pipeline_emulator.persistence import Database, StorageError

VERSION = 1
# Sequence numbers exceed SQLite's integers. As texts of equal length they have the same order.
SCHEMA = """
CREATE TABLE mapping (
    id INTEGER PRIMARY KEY, function_arn TEXT NOT NULL, event_source_arn TEXT NOT NULL,
    started_at TEXT, initial_shards TEXT NOT NULL, stream_created TEXT
);
CREATE TABLE shard (
    mapping INTEGER NOT NULL, shard_id TEXT NOT NULL, first_seen TEXT, checkpoint TEXT, finished INTEGER NOT NULL,
    PRIMARY KEY (mapping, shard_id)
);
CREATE TABLE completed (
    mapping INTEGER NOT NULL, shard_id TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (mapping, shard_id, number)
) WITHOUT ROWID
"""
_DIGITS = 64
HOLDS = "the progress of all event source mappings, without which they start at their StartingPosition"


class CheckpointStore:
    """The stored progress of all mappings. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            DatabaseError: the file cannot be used.
        """
        self._database = Database(path, SCHEMA, VERSION, HOLDS)
        with self._database.loading(), self._database.transaction() as connection:
            (last,) = connection.execute("SELECT MAX(id) FROM mapping").fetchone()
            for table in ("shard", "completed"):
                connection.execute(f"DELETE FROM {table} WHERE mapping NOT IN (SELECT id FROM mapping)")  # noqa: S608
        self._ids = itertools.count((last or 0) + 1)

    def load(self) -> list[tuple[MappingKey, MappingProgress]]:
        """Return all progress, oldest mapping first.

        Raises:
            DatabaseError: the file's content cannot be used.
        """
        with self._database.loading(), self._database.transaction() as connection:
            rows = connection.execute("SELECT * FROM mapping ORDER BY id").fetchall()
            return [((row[1], row[2]), self._progress(connection, *row)) for row in rows]

    def create(self, key: MappingKey) -> MappingProgress:
        """Return the progress of a new mapping, stored from its start on."""
        return MappingProgress(journal=MappingJournal(self._database, next(self._ids), key))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _progress(
        self, connection: sqlite3.Connection, number: int, function_arn: str, event_source_arn: str,
        started_at: str | None, initial_shards: str, stream_created: str | None,
    ) -> MappingProgress:  # fmt: skip
        journal = MappingJournal(self._database, number, (function_arn, event_source_arn))
        progress = MappingProgress(
            started_at=_time(started_at),
            initial_shards=frozenset(json.loads(initial_shards)),
            stream_created=_time(stream_created),
            inherited=True,
            journal=journal,
        )
        for shard_id, first_seen, checkpoint, finished in connection.execute(
            "SELECT shard_id, first_seen, checkpoint, finished FROM shard WHERE mapping = ?", (number,)
        ):
            completed = connection.execute(
                "SELECT number FROM completed WHERE mapping = ? AND shard_id = ?", (number, shard_id)
            )
            progress.shards[shard_id] = ShardProgress(
                checkpoint=_number(checkpoint),
                first_seen=_number(first_seen),
                completed={int(text) for (text,) in completed},
                on_change=partial(journal.advanced, shard_id),
                _finished=bool(finished),
            )
        return progress


class MappingJournal(ProgressJournal):
    """Stores the progress of one mapping under a unique number. Thread-safe."""

    def __init__(self, database: Database, number: int, key: MappingKey) -> None:
        """Write nothing yet."""
        self._database = database
        self._number = number
        self._function_arn, self._event_source_arn = key
        self._unsaved: dict[str, set[int]] = {}

    @override
    def started(self, progress: MappingProgress) -> None:
        """Store where the mapping starts; delete the progress of its shards."""
        started_at, created = progress.started_at, progress.stream_created
        row = (
            self._number,
            self._function_arn,
            self._event_source_arn,
            started_at and started_at.isoformat(),
            json.dumps(sorted(progress.initial_shards)),
            created and created.isoformat(),
        )
        with self._database.transaction() as connection:
            self._delete(connection)
            connection.execute("INSERT INTO mapping VALUES (?, ?, ?, ?, ?, ?)", row)

    @override
    def copied(self, progress: MappingProgress) -> None:
        """Store a progress as it is.

        Raises:
            StorageError: the file cannot be written.
        """
        self.started(progress)
        for shard_id, shard in dict(progress.shards).items():
            self._store(shard_id, shard, set(shard.completed))

    @override
    def advanced(self, shard_id: str, progress: ShardProgress, beyond: Collection[int]) -> None:
        """Store a shard's progress. If that fails, the mapping goes on, and the next call stores it, too.

        Until then a restart delivers the records again.
        """
        unsaved = self._unsaved.pop(shard_id, set()).intersection(progress.completed).union(beyond)
        try:
            self._store(shard_id, progress, unsaved)
        except StorageError:
            self._unsaved[shard_id] = unsaved

    def _store(self, shard_id: str, progress: ShardProgress, beyond: Collection[int]) -> None:
        place = (self._number, shard_id)
        checkpoint = _text(progress.checkpoint)
        row = (*place, _text(progress.first_seen), checkpoint, progress.finished)
        with self._database.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO shard VALUES (?, ?, ?, ?, ?)", row)
            if checkpoint is not None:
                connection.execute(
                    "DELETE FROM completed WHERE mapping = ? AND shard_id = ? AND number <= ?", (*place, checkpoint)
                )
            connection.executemany(
                "INSERT OR IGNORE INTO completed VALUES (?, ?, ?)", [(*place, _text(number)) for number in beyond]
            )

    @override
    def function_changed(self, function_arn: str) -> None:
        """Store the function under which a later mapping finds the progress."""
        if function_arn == self._function_arn:
            return
        self._function_arn = function_arn
        with self._database.transaction() as connection:
            connection.execute("UPDATE mapping SET function_arn = ? WHERE id = ?", (function_arn, self._number))

    @override
    def deleted(self) -> None:
        """Delete the mapping's progress."""
        with self._database.transaction() as connection:
            self._delete(connection)

    def _delete(self, connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM mapping WHERE id = ?", (self._number,))
        connection.execute("DELETE FROM shard WHERE mapping = ?", (self._number,))
        connection.execute("DELETE FROM completed WHERE mapping = ?", (self._number,))


def _text(number: int | None) -> str | None:
    return None if number is None else f"{number:0{_DIGITS}d}"


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
