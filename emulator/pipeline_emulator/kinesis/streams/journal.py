"""The interface for persisting what happens to streams, so that it survives the process.

Every call is made before its change becomes visible, under the locks that fix its order: a record can be read, and its
sequence number is returned, only after it has been stored. A call that raises leaves records and shards unchanged.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_emulator.kinesis.streams.records import Record
    from pipeline_emulator.kinesis.streams.shard import Shard
    from pipeline_emulator.kinesis.streams.stream import Stream


class Journal:
    """Stores nothing: streams live in memory only. Subclasses store what they override. Thread-safe."""

    def created(self, stream: "Stream") -> None:
        """A stream was created, with its first shards."""

    def copied(self, stream: "Stream") -> None:
        """A stream was taken over from a file, with all its shards and records."""

    def changed(self, stream: "Stream") -> None:
        """A stream's settings changed. Its lock is held."""

    def deleted(self, stream: "Stream") -> None:
        """A stream was deleted, with its shards and records."""

    def resharded(self, stream: int, closed: Sequence[tuple["Shard", float]], opened: Sequence["Shard"]) -> None:
        """Shards of a stream were closed, each at a time in seconds, and replaced.

        `stream` is the stream's creation time in microseconds.
        """

    def expired(self, shards: Sequence["Shard"]) -> None:
        """Closed shards were removed, with their records."""

    def put(self, additions: Sequence[tuple["Shard", Sequence["Record"]]]) -> None:
        """All records of one request, by shard. The locks of the shards are held."""

    def trimmed(self, shard: "Shard", counter: int) -> None:
        """The records of a shard whose counter is below `counter` were removed."""
