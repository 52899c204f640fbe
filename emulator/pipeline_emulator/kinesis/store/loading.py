"""Loads the streams that an earlier process stored."""

import itertools
import json
import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline_emulator.kinesis.store.acknowledged import SUFFIX
from pipeline_emulator.kinesis.store.journal import LAST_CREATED, SIGNING_KEY, SqliteJournal
from pipeline_emulator.kinesis.store.losses import Losses, compare
from pipeline_emulator.kinesis.streams import tokens
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.records import OVERHEAD_BYTES
from pipeline_emulator.kinesis.streams.sequence import Clock
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.shard import Shard
from pipeline_emulator.kinesis.streams.streams import Streams

LOG = logging.getLogger(__name__)

_MEMORY = f"LENGTH(data) + LENGTH(CAST(partition_key AS BLOB)) + {OVERHEAD_BYTES}"


def open_streams(path: Path, settings: StreamSettings) -> tuple[Streams, SqliteJournal]:
    """Open or create the file; return the streams in it and their journal.

    Raises:
        DatabaseError: the file cannot be used.
    """
    journal = SqliteJournal(path)
    with journal.database.loading():
        return load(journal, settings), journal


def load(journal: SqliteJournal, settings: StreamSettings, clock: Clock = time.time) -> Streams:
    """Return the streams in a journal, which stores their changes from now on; set `journal.losses`."""
    streams = Streams(settings, clock, journal)
    with journal.database.transaction() as connection:
        losses = journal.losses = _losses(connection, journal)
        _delete_unneeded(connection, clock(), settings.memory_limit_bytes)
        kept = dict(connection.execute("SELECT name, value FROM kept"))
        if SIGNING_KEY not in kept:
            kept[SIGNING_KEY] = tokens.signing_key()
            connection.execute("INSERT INTO kept VALUES (?, ?)", (SIGNING_KEY, kept[SIGNING_KEY]))
        shards = stored_shards(connection, journal)
        stored = connection.execute("SELECT created, account, region, name, settings FROM stream").fetchall()
    tokens.use_signing_key(kept[SIGNING_KEY])
    streams.continue_after(max(kept.get(LAST_CREATED, 0), *journal.known, 0))
    for created, account, region, name, text in stored:
        streams.restore(StreamName(account, region, name), created, shards[created], json.loads(text))
    journal.watch({shard.numbers.created: shard.counter for found in shards.values() for shard in found})
    losses.report(journal.database.path)
    LOG.info("Kinesis streams loaded: %d", len(stored))
    return streams


def _losses(connection: sqlite3.Connection, journal: SqliteJournal) -> Losses:
    """Return what was acknowledged and is not in the file. Its sequence numbers are not given again."""
    if not journal.known and journal.is_new:
        return Losses()
    if journal.known_identity != journal.identity and not journal.is_new:
        return Losses(unknown=f"{journal.database.path.name}{SUFFIX} is missing, damaged or belongs to another file")
    rows = connection.execute(
        "SELECT shard.created, stream.name, shard.counter FROM shard JOIN stream ON stream.created = shard.stream"
    )
    losses = compare(journal.known, {created: (name, counter) for created, name, counter in rows})
    if losses.records:
        connection.executemany(
            "UPDATE shard SET counter = MAX(counter, ?) WHERE created = ?",
            [(counter, created) for created, counter in journal.known.items()],
        )
    return losses


def stored_shards(connection: sqlite3.Connection, journal: Journal) -> dict[int, list[Shard]]:
    """Return the shards of each stream, with their records, in the order of their creation.

    `journal` stores their changes from now on.
    """
    by_stream: defaultdict[int, list[Shard]] = defaultdict(list)
    by_created: dict[int, Shard] = {}
    for created, stream, number, first, last, parents, closed_at, counter, last_arrival in connection.execute(
        "SELECT created, stream, number, first_key, last_key, parents, closed_at, counter, last_arrival FROM shard"
        " ORDER BY stream, number"
    ):
        shard = Shard(number, created, int(first), int(last), json.loads(parents), journal)
        shard.restore(counter, last_arrival, closed_at)
        by_stream[stream].append(shard)
        by_created[created] = shard
    for created, rows in _records(connection):
        by_created[created].restore_records(rows)
    return by_stream


def _records(connection: sqlite3.Connection) -> Iterator[tuple[int, Iterator[Any]]]:
    """Yield creation times of shards with rows of records, in the order of puts, which reads the file sequentially."""
    rows = connection.execute("SELECT shard, counter, arrival, partition_key, data FROM record ORDER BY rowid")
    for created, found in itertools.groupby(rows, key=lambda row: row[0]):
        yield created, (row[1:] for row in found)


def _delete_unneeded(connection: sqlite3.Connection, now: float, limit: int) -> None:
    """Delete rows of deleted streams, records past their retention, and the oldest records over the memory limit."""
    connection.execute("DELETE FROM shard WHERE stream NOT IN (SELECT created FROM stream)")
    connection.execute("DELETE FROM record WHERE shard NOT IN (SELECT created FROM shard)")
    connection.execute(
        "DELETE FROM record WHERE EXISTS (SELECT 1 FROM shard JOIN stream ON stream.created = shard.stream"
        " WHERE shard.created = record.shard AND record.arrival < ? - 3600 * (stream.settings ->> 'retention_hours'))",
        (now,),
    )
    (used,) = connection.execute(f"SELECT SUM({_MEMORY}) FROM record").fetchone()  # noqa: S608 - no input
    if (used or 0) <= limit:
        return
    LOG.warning(
        "The Kinesis file exceeds KINESIS_MEMORY_LIMIT_MB (%d MiB): deleting the oldest records", limit // 2**20
    )
    until, left = 0.0, limit
    for arrival, size in connection.execute(f"SELECT arrival, {_MEMORY} FROM record ORDER BY arrival DESC"):  # noqa: S608
        until, left = arrival, left - size
        if left < 0:
            break
    connection.execute("DELETE FROM record WHERE arrival <= ?", (until,))
