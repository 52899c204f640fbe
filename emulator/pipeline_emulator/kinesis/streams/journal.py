"""Who keeps what happens to streams, so that it outlives the process.

Each call is made before what it tells of can be seen, and while the locks are held that give it its place: a record is
read, and its number answered, only when it is kept. A call that raises leaves records and shards as they were.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pipeline_emulator.kinesis.streams.records import Record
    from pipeline_emulator.kinesis.streams.shard import Shard
    from pipeline_emulator.kinesis.streams.stream import Stream


class Journal(Protocol):
    """What has to be kept. Safe for threads."""

    def created(self, stream: "Stream") -> None:
        """A stream with its first shards."""

    def changed(self, stream: "Stream") -> None:
        """Settings of a stream; its lock is held."""

    def deleted(self, stream: "Stream") -> None:
        """A stream is no more, nor are its shards and records."""

    def resharded(self, stream: int, closed: Sequence[tuple["Shard", float]], opened: Sequence["Shard"]) -> None:
        """Shards of the stream created at `stream` (microseconds) end at a time (seconds), and others take over."""

    def expired(self, shards: Sequence["Shard"]) -> None:
        """Closed shards are forgotten, with their records."""

    def put(self, additions: Sequence[tuple["Shard", Sequence["Record"]]]) -> None:
        """All records of a request, by shard; the shards' locks are held."""

    def trimmed(self, shard: "Shard", counter: int) -> None:
        """The records of a shard with a counter below `counter` are gone."""


class NoJournal:
    """Keeps nothing."""

    def created(self, stream: "Stream") -> None:
        """Do nothing."""

    def changed(self, stream: "Stream") -> None:
        """Do nothing."""

    def deleted(self, stream: "Stream") -> None:
        """Do nothing."""

    def resharded(self, stream: int, closed: Sequence[tuple["Shard", float]], opened: Sequence["Shard"]) -> None:
        """Do nothing."""

    def expired(self, shards: Sequence["Shard"]) -> None:
        """Do nothing."""

    def put(self, additions: Sequence[tuple["Shard", Sequence["Record"]]]) -> None:
        """Do nothing."""

    def trimmed(self, shard: "Shard", counter: int) -> None:
        """Do nothing."""


NO_JOURNAL: Journal = NoJournal()
