"""Decides which shards may be read, and from where.

"Resharding a stream" (https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-after-resharding.html):
to preserve the order of each partition key, a child is read only after its parents have been read to the end.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline_emulator.event_source.progress import MappingProgress
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.kinesis.streams.iterators import Start


@dataclass(frozen=True)
class Shard:
    """A shard of the stream; `closed` after a split or merge."""

    shard_id: str
    parents: tuple[str, ...] = ()
    closed: bool = False


@dataclass(frozen=True)
class Position:
    """Where to read a shard from, with the names of GetShardIterator."""

    type: str
    sequence_number: int | None = None
    timestamp: datetime | None = None

    def admits(self, arrival: float) -> bool:
        """Return whether a record with this arrival (epoch seconds) is at or after the position."""
        return self.timestamp is None or arrival >= self.timestamp.timestamp()

    @property
    def start(self) -> Start:
        """The position as `Stream.iterator` takes it."""
        return Start(self.type, self.sequence_number, None if self.timestamp is None else self.timestamp.timestamp())


def begin(progress: MappingProgress, shards: Iterable[Shard], settings: MappingSettings, now: datetime) -> None:
    """Record the start of a new mapping. With LATEST, shards already closed have nothing to deliver."""
    shards = list(shards)
    progress.begin(now, [shard.shard_id for shard in shards])
    if settings.starting_position == "LATEST":
        for shard in shards:
            if shard.closed:
                progress.shard(shard.shard_id).finished = True


def readable(shards: Iterable[Shard], finished: Collection[str]) -> list[Shard]:
    """Return the shards to read now: unfinished, with every parent finished or expired."""
    shards = list(shards)
    pending = {shard.shard_id for shard in shards if shard.shard_id not in finished}
    return [shard for shard in shards if shard.shard_id in pending and pending.isdisjoint(shard.parents)]


def position(shard_id: str, progress: MappingProgress, settings: MappingSettings, first_start: bool) -> Position:
    """Return where to read a shard from: after its checkpoint, else at its first record in flight, else at the start.

    A shard created after the mapping is read from its beginning even with LATEST, since all its records are newer.
    After a pause, LATEST would be later than the start of the mapping, so the time of that start is used.
    """
    shard = progress.shard(shard_id)
    if shard.checkpoint is not None:
        return Position("AFTER_SEQUENCE_NUMBER", sequence_number=shard.checkpoint)
    if shard.first_seen is not None:
        return Position("AT_SEQUENCE_NUMBER", sequence_number=shard.first_seen)
    if settings.starting_position == "AT_TIMESTAMP":
        return Position("AT_TIMESTAMP", timestamp=settings.starting_timestamp)
    if settings.starting_position == "LATEST" and shard_id in progress.initial_shards:
        return Position("LATEST") if first_start else Position("AT_TIMESTAMP", timestamp=progress.started_at)
    return Position("TRIM_HORIZON")
