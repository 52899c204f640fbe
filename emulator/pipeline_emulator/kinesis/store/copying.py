"""Copies all streams into a file of their own, and takes over those of such a file."""

import json
from contextlib import closing
from pathlib import Path

from pipeline_emulator.kinesis.store.journal import FILE, LAST_CREATED, SqliteJournal
from pipeline_emulator.kinesis.store.loading import stored_shards
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.streams import Streams


def save(streams: Streams, folder: Path) -> None:
    """Write all streams, with their records, into a new file in a folder. No put may be under way."""
    with closing(SqliteJournal(folder / FILE)) as journal:
        for stream in streams.every():
            with stream.lock:
                journal.copied(stream)


def load(streams: Streams, folder: Path) -> None:
    """Add the streams of a file that `save` wrote. They are stored where the others are.

    Raises:
        DatabaseError: the file cannot be used.
    """
    with (
        closing(SqliteJournal(folder / FILE)) as stored,
        stored.database.loading(),
        stored.database.transaction() as connection,
    ):
        shards = stored_shards(connection, streams.journal)
        found = connection.execute("SELECT created, account, region, name, settings FROM stream").fetchall()
        kept = dict(connection.execute("SELECT name, value FROM kept"))
    streams.continue_after(kept.get(LAST_CREATED, 0))
    for created, account, region, name, settings in found:
        place = StreamName(account, region, name)
        streams.restore(place, created, shards[created], json.loads(settings))
        streams.journal.copied(streams.get(place))
