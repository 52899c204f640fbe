"""Writes every change to streams into the file, each in one transaction."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, override

from pipeline_emulator.kinesis.streams import state
from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.kinesis.streams.sequence import counter
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.persistence import Database

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
SIGNING_KEY, LAST_CREATED = "signing key", "last created"


class SqliteJournal(Journal):
    """The journal of all streams. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it.

        Raises:
            DatabaseError: the file cannot be used.
        """
        self.database = Database(path, SCHEMA, VERSION)

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

    @override
    def changed(self, stream: Stream) -> None:
        """Update a stream's settings."""
        with self.database.transaction() as connection:
            connection.execute("UPDATE stream SET settings = ? WHERE created = ?", (_settings(stream), stream.created))

    @override
    def deleted(self, stream: Stream) -> None:
        """Delete a stream. The locks of its shards are not held: a late put may leave records, which `load` deletes."""
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM stream WHERE created = ?", (stream.created,))
            _delete_shards(connection, stream.topology.shards)

    @override
    def resharded(self, stream: int, closed: Sequence[tuple[Shard, float]], opened: Sequence[Shard]) -> None:
        """Update the closed shards and insert those that replace them."""
        with self.database.transaction() as connection:
            connection.executemany(
                "UPDATE shard SET closed_at = ? WHERE created = ?",
                [(at, shard.numbers.created) for shard, at in closed],
            )
            _insert_shards(connection, stream, opened)

    @override
    def expired(self, shards: Sequence[Shard]) -> None:
        """Delete shards with their records."""
        with self.database.transaction() as connection:
            _delete_shards(connection, shards)

    @override
    def put(self, additions: Sequence[tuple[Shard, Sequence[Record]]]) -> None:
        """Insert the records of a request, all or none."""
        last: list[tuple[Any, ...]] = []
        rows: list[tuple[Any, ...]] = []
        for shard, records in additions:
            if not records:
                continue
            created = shard.numbers.created
            rows += [
                (created, counter(record.number), record.arrival, record.partition_key, record.data)
                for record in records
            ]
            last.append((rows[-1][1], records[-1].arrival, created))
        if not rows:
            return
        with self.database.transaction() as connection:
            connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
            connection.executemany("UPDATE shard SET counter = ?, last_arrival = ? WHERE created = ?", last)

    @override
    def trimmed(self, shard: Shard, counter: int) -> None:
        """Delete a shard's first records."""
        with self.database.transaction() as connection:
            connection.execute("DELETE FROM record WHERE shard = ? AND counter < ?", (shard.numbers.created, counter))


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
