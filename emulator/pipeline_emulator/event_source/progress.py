"""A mapping's progress in a stream: what a restart needs to continue without loss or repetition."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from pipeline_emulator.event_source.windows import OpenWindow


def _ignore(_progress: "ShardProgress", _beyond: Collection[int]) -> None:
    pass


@dataclass
class ShardProgress:
    """Progress in one shard.

    Attributes:
        checkpoint: the highest sequence number up to which all records are done.
        first_seen: the first record's sequence number, where a restart reads from while there is no checkpoint.
        completed: records done beyond the checkpoint. Concurrent batches finish out of order, and a restart must not
            deliver these again.
        window: the tumbling window that is open, if the mapping has windows.
        on_change: called at every change, with the numbers that are new in `completed`.
    """

    checkpoint: int | None = None
    first_seen: int | None = None
    completed: set[int] = field(default_factory=set)
    on_change: Callable[["ShardProgress", Collection[int]], None] = field(default=_ignore, repr=False)
    window: OpenWindow = field(default_factory=OpenWindow, repr=False)
    _finished: bool = field(default=False, repr=False)
    _outstanding: deque[int] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def finished(self) -> bool:
        """Whether the shard is closed and all its records are done."""
        return self._finished

    @finished.setter
    def finished(self, finished: bool) -> None:
        with self._lock:
            self._finished = finished
            self.on_change(self, ())

    def restart(self) -> None:
        """Forget records that were read but not done; they will be read again."""
        with self._lock:
            self._outstanding.clear()

    def register(self, sequence_number: int) -> bool:
        """Register a record that was read, in the shard's order; return False if it is already done."""
        with self._lock:
            if self.checkpoint is not None and sequence_number <= self.checkpoint:
                return False
            if self.first_seen is None:
                self.first_seen = sequence_number
                self.on_change(self, ())
            self._outstanding.append(sequence_number)
            done = sequence_number in self.completed
            self._advance()
            return not done

    def complete(self, sequence_numbers: Collection[int]) -> None:
        """Mark records as done: processed, filtered out or discarded."""
        if not sequence_numbers:
            return
        with self._lock:
            self.completed.update(sequence_numbers)
            self._advance()
            self.on_change(self, self.completed.intersection(sequence_numbers))

    @property
    def all_done(self) -> bool:
        """Whether all records that were read are done."""
        with self._lock:
            return not self._outstanding

    def _advance(self) -> None:
        while self._outstanding and self._outstanding[0] in self.completed:
            self.checkpoint = self._outstanding.popleft()
            self.completed.discard(self.checkpoint)


class ProgressJournal:
    """Stores nothing: progress lives in memory only. Subclasses store what they override. Thread-safe."""

    def started(self, progress: "MappingProgress") -> None:
        """The mapping starts; stored progress of its shards is no longer valid."""

    def advanced(self, shard_id: str, progress: ShardProgress, beyond: Collection[int]) -> None:
        """A shard's progress changed; `beyond` are the numbers that are new in `completed`."""

    def function_changed(self, function_arn: str) -> None:
        """The mapping now belongs to this function."""

    def deleted(self) -> None:
        """The mapping was deleted."""

    def copied(self, progress: "MappingProgress") -> None:
        """The mapping's progress was taken over from a file."""


@dataclass
class MappingProgress:
    """Progress of one mapping.

    Attributes:
        started_at: when the mapping started; with `initial_shards` it defines what LATEST means.
        initial_shards: the shards at that time.
        shards: progress by shard id.
        stream_created: creation time of the stream, which distinguishes it from a later one of the same name.
        inherited: whether the progress is that of a mapping of an earlier LocalStack.
        journal: stores changes.
    """

    started_at: datetime | None = None
    initial_shards: frozenset[str] = frozenset()
    shards: dict[str, ShardProgress] = field(default_factory=dict)
    stream_created: datetime | None = None
    inherited: bool = False
    journal: ProgressJournal = field(default_factory=ProgressJournal, repr=False)

    def store_in(self, journal: ProgressJournal) -> None:
        """Store all of it in another journal, and its changes from now on."""
        self.journal = journal
        for shard_id, shard in self.shards.items():
            shard.on_change = partial(journal.advanced, shard_id)
        journal.copied(self)

    def begin(self, now: datetime, shard_ids: Iterable[str]) -> None:
        """Record where the mapping starts."""
        self.started_at = now
        self.initial_shards = frozenset(shard_ids)
        self.journal.started(self)

    def check_stream(self, stream_created: datetime) -> bool:
        """Compare the stream's creation time; if the stream was recreated, drop the progress and return False.

        No shard of the new stream is an initial one, so even LATEST reads it from its beginning: all its records are
        newer than the mapping. If the progress is inherited this does not hold, and the mapping starts anew.
        """
        same = self.stream_created in (None, stream_created)
        self.stream_created = stream_created
        if not same:
            self.shards, self.initial_shards = {}, frozenset()
            if self.inherited:
                self.started_at = None
            self.journal.started(self)
        return same

    def shard(self, shard_id: str) -> ShardProgress:
        """Return the progress of a shard; create it if there is none."""
        if shard_id not in self.shards:
            self.shards[shard_id] = ShardProgress(on_change=partial(self.journal.advanced, shard_id))
        return self.shards[shard_id]

    @property
    def finished(self) -> set[str]:
        """Ids of the shards that were read to their end."""
        return {shard_id for shard_id, progress in self.shards.items() if progress.finished}
