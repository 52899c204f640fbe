"""Writes every change to streams into the file, each in one transaction."""

import json
import logging
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, override

from pipeline_emulator.kinesis.store import acknowledged
from pipeline_emulator.kinesis.store.acknowledged import Acknowledged
from pipeline_emulator.kinesis.store.losses import Losses
from pipeline_emulator.kinesis.streams import state
from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.kinesis.streams.sequence import counter
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.persistence import Database, StorageError, damaged

LOG = logging.getLogger(__name__)

FILE = "kinesis.sqlite3"
VERSION = 1
# A shard's creation time is unique among all shards that ever existed, so it is the key. Hash keys exceed SQLite's
# integers, so they are text. Sequence numbers are computed from shard, counter and arrival.
SCHEMA = """
CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE stream (
    created INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    settings TEXT NOT NULL,
    UNIQUE (account, region, name)
);
CREATE TABLE shard (
    created INTEGER PRIMARY KEY, stream INTEGER NOT NULL, number INTEGER NOT NULL,
    first_key TEXT NOT NULL, last_key TEXT NOT NULL, parents TEXT NOT NULL, closed_at REAL,
    counter INTEGER NOT NULL, last_arrival REAL NOT NULL,
    UNIQUE (stream, number)
);
CREATE TABLE record (
    shard INTEGER NOT NULL, counter INTEGER NOT NULL, arrival REAL NOT NULL, partition_key TEXT NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (shard, counter)
)
"""
SIGNING_KEY, LAST_CREATED, IDENTITY = "signing key", "last created", "identity"
HOLDS = "all Kinesis streams and their records"


class SqliteJournal(Journal):
    """The journal of all streams. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            DatabaseError: the file cannot be used.
        """
        self._acknowledged: Acknowledged | None = None
        self._acknowledged_file = path.with_name(path.name + acknowledged.SUFFIX)
        known = acknowledged.read(self._acknowledged_file)
        # SQLite would make a new database of an empty file, and delete its log.
        if known and path.is_file() and not path.stat().st_size:
            raise damaged(path, HOLDS, "it is empty")
        self.database = Database(path, SCHEMA, VERSION, HOLDS)
        # What the last LocalStack acknowledged: the database's identity, and counters by creation time of the shard.
        self.known_identity: bytes | None
        self.known_identity, self.known = known or (None, {})
        self.losses = Losses()
        with self.database.loading():
            self.identity, self.is_new = self._identity()

    def _identity(self) -> tuple[bytes, bool]:
        """Return what distinguishes this database from all others, and whether it was chosen just now."""
        with self.database.transaction() as connection:
            row = connection.execute("SELECT value FROM kept WHERE name = ?", (IDENTITY,)).fetchone()
            if row:
                return row[0], False
            identity = os.urandom(acknowledged.IDENTITY_BYTES)
            connection.execute("INSERT INTO kept VALUES (?, ?)", (IDENTITY, identity))
            return identity, True

    def watch(self, counters: Mapping[int, int]) -> None:
        """Note from now on what is acknowledged, beginning with these counters by creation time of the shard."""
        try:
            self._acknowledged = Acknowledged(self._acknowledged_file, self.identity, counters)
        except OSError as error:
            LOG.warning("%s: %s. A later loss of records may go unnoticed.", self._acknowledged_file, error.strerror)

    def close(self) -> None:
        """Close the files."""
        self.database.close()
        if self._acknowledged:
            self._acknowledged.close()
            self._acknowledged = None

    @override
    def created(self, stream: Stream) -> None:
        """Insert a stream with its first shards."""
        name = stream.name
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO stream VALUES (?, ?, ?, ?, ?)",
                (stream.created, name.account, name.region, name.name, _settings(stream)),
            )
            _insert_shards(connection, stream.created, stream.topology.shards)
        self._begin(stream.topology.shards)

    @override
    def copied(self, stream: Stream) -> None:
        """Insert a stream as it is, with closed shards, counters and records."""
        self.created(stream)
        shards = stream.topology.shards
        state = [(shard.closed_at, shard.counter, shard.last_arrival, shard.numbers.created) for shard in shards]
        with self.database.transaction() as connection:
            connection.executemany(
                "UPDATE shard SET closed_at = ?, counter = ?, last_arrival = ? WHERE created = ?", state
            )
            for shard in shards:
                connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", _rows(shard, shard.records))
        if self._acknowledged:
            for _, counted, _, created in state:
                self._acknowledged.set(created, counted)

    @override
    def changed(self, stream: Stream) -> None:
        """Update a stream's settings."""
        with self.database.transaction() as connection:
            connection.execute("UPDATE stream SET settings = ? WHERE created = ?", (_settings(stream), stream.created))

    @override
    def deleted(self, stream: Stream) -> None:
        """Delete a stream. The locks of its shards are not held: a late put may leave records, which `load` deletes."""
        shards = stream.topology.shards
        with self._ending(shards), self.database.transaction() as connection:
            connection.execute("DELETE FROM stream WHERE created = ?", (stream.created,))
            _delete_shards(connection, shards)

    @override
    def resharded(self, stream: int, closed: Sequence[tuple[Shard, float]], opened: Sequence[Shard]) -> None:
        """Update the closed shards and insert those that replace them."""
        with self.database.transaction() as connection:
            connection.executemany(
                "UPDATE shard SET closed_at = ? WHERE created = ?",
                [(at, shard.numbers.created) for shard, at in closed],
            )
            _insert_shards(connection, stream, opened)
        self._begin(opened)

    @override
    def expired(self, shards: Sequence[Shard]) -> None:
        """Delete shards with their records."""
        with self._ending(shards), self.database.transaction() as connection:
            _delete_shards(connection, shards)

    @override
    def put(self, additions: Sequence[tuple[Shard, Sequence[Record]]]) -> None:
        """Insert the records of a request, all or none."""
        last: list[tuple[Any, ...]] = []
        rows: list[tuple[Any, ...]] = []
        for shard, records in additions:
            if not records:
                continue
            rows += _rows(shard, records)
            last.append((rows[-1][1], records[-1].arrival, shard.numbers.created))
        if not rows:
            return
        with self.database.transaction() as connection:
            connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany("UPDATE shard SET counter = ?, last_arrival = ? WHERE created = ?", last)
        if self._acknowledged:
            for counted, _, created in last:
                self._acknowledged.set(created, counted)

    @override
    def trimmed(self, shard: Shard, counter: int) -> None:
        """Delete a shard's first records. If that fails, the next call or `load` deletes them, too."""
        with suppress(StorageError), self.database.transaction() as connection:
            connection.execute("DELETE FROM record WHERE shard = ? AND counter < ?", (shard.numbers.created, counter))

    def _begin(self, shards: Sequence[Shard]) -> None:
        if self._acknowledged:
            self._acknowledged.add(shard.numbers.created for shard in shards)

    @contextmanager
    def _ending(self, shards: Sequence[Shard]) -> Iterator[None]:
        """Stop watching shards before they are deleted: a kill in between must not look like a loss."""
        if self._acknowledged:
            self._acknowledged.remove(shard.numbers.created for shard in shards)
        try:
            yield
        except StorageError:
            self._begin(shards)
            raise


def _rows(shard: Shard, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    created = shard.numbers.created
    return [(created, counter(one.number), one.arrival, one.partition_key, one.data) for one in records]


def _settings(stream: Stream) -> str:
    return json.dumps(state.settings(stream))


def _insert_shards(connection: sqlite3.Connection, stream: int, shards: Sequence[Shard]) -> None:
    connection.executemany(
        "INSERT INTO shard VALUES (?, ?, ?, ?, ?, ?, NULL, 0, ?)",
        [
            (
                shard.numbers.created,
                stream,
                shard.index,
                str(shard.start),
                str(shard.end),
                json.dumps(shard.parents),
                shard.last_arrival,
            )
            for shard in shards
        ],
    )
    # Deleted streams leave no other trace of the latest creation time.
    last = max(shard.numbers.created for shard in shards)
    connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (LAST_CREATED, last))


def _delete_shards(connection: sqlite3.Connection, shards: Sequence[Shard]) -> None:
    created = [(shard.numbers.created,) for shard in shards]
    connection.executemany("DELETE FROM record WHERE shard = ?", created)
    connection.executemany("DELETE FROM shard WHERE created = ?", created)
