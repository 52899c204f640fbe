"""How far a mapping has come in a stream: what a restart needs to go on without loss and without replay."""

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial


def _keep_nothing(_progress: "ShardProgress", _beyond: Collection[int]) -> None:
    pass


@dataclass
class ShardProgress:
    """Progress in one shard.

    `checkpoint` is the highest sequence number up to which every record is done. Concurrent batches finish out of
    order: what they did beyond the checkpoint is kept in `completed`, so that a restart does not deliver it again.
    `first_seen` serves a shard whose first records are still under way. `keep` hears of every change, with the numbers
    that are new in `completed`.
    """

    checkpoint: int | None = None
    first_seen: int | None = None
    completed: set[int] = field(default_factory=set)
    keep: Callable[["ShardProgress", Collection[int]], None] = field(default=_keep_nothing, repr=False)
    _finished: bool = field(default=False, repr=False)
    _outstanding: deque[int] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def finished(self) -> bool:
        """Whether the shard was closed, and every record of it is done."""
        return self._finished

    @finished.setter
    def finished(self, finished: bool) -> None:
        with self._lock:
            self._finished = finished
            self.keep(self, ())

    def restart(self) -> None:
        """Forget records that were read and not done: they will be read again."""
        with self._lock:
            self._outstanding.clear()

    def register(self, sequence_number: int) -> bool:
        """Note a record just read, in the shard's order; return False when it is done already."""
        with self._lock:
            if self.checkpoint is not None and sequence_number <= self.checkpoint:
                return False
            if self.first_seen is None:
                self.first_seen = sequence_number
                self.keep(self, ())
            self._outstanding.append(sequence_number)
            done = sequence_number in self.completed
            self._advance()
            return not done

    def complete(self, sequence_numbers: Collection[int]) -> None:
        """Note records as done: processed, filtered out or discarded."""
        if not sequence_numbers:
            return
        with self._lock:
            self.completed.update(sequence_numbers)
            self._advance()
            self.keep(self, self.completed.intersection(sequence_numbers))

    @property
    def all_done(self) -> bool:
        """Whether no record that was read is still to be done."""
        with self._lock:
            return not self._outstanding

    def _advance(self) -> None:
        while self._outstanding and self._outstanding[0] in self.completed:
            self.checkpoint = self._outstanding.popleft()
            self.completed.discard(self.checkpoint)


class Keeper:
    """Keeps nothing: progress lives in memory only. Subclasses keep what they override. Thread-safe."""

    def began(self, progress: "MappingProgress") -> None:
        """The mapping starts in its stream; what was kept of shards counts no more."""

    def advanced(self, shard_id: str, progress: ShardProgress, beyond: Collection[int]) -> None:
        """A shard's progress has changed; `beyond` are the numbers that are new in `completed`."""

    def belongs_to(self, function_arn: str) -> None:
        """The mapping is of this function now."""

    def dropped(self) -> None:
        """The mapping is no more."""


@dataclass
class MappingProgress:
    """Progress of one mapping.

    `started_at` and `initial_shards` fix what LATEST meant when the mapping began; `stream_created` tells a stream from
    a later one of the same name. `inherited` progress is that of a mapping which was lost with a former LocalStack.
    """

    started_at: datetime | None = None
    initial_shards: frozenset[str] = frozenset()
    shards: dict[str, ShardProgress] = field(default_factory=dict)
    stream_created: datetime | None = None
    inherited: bool = False
    keeper: Keeper = field(default_factory=Keeper, repr=False)

    def begin(self, now: datetime, shard_ids: Iterable[str]) -> None:
        """Note where the mapping starts."""
        self.started_at = now
        self.initial_shards = frozenset(shard_ids)
        self.keeper.began(self)

    def belongs_to(self, stream_created: datetime) -> bool:
        """Note the stream that is read; return False after dropping the progress in a former one of its name.

        No shard of the new stream is an initial one, so that also LATEST reads it from its beginning: all of its
        records are newer than the mapping. That is not so where the progress is inherited; the mapping starts then.
        """
        same = self.stream_created in (None, stream_created)
        self.stream_created = stream_created
        if not same:
            self.shards, self.initial_shards = {}, frozenset()
            if self.inherited:
                self.started_at = None
            self.keeper.began(self)
        return same

    def shard(self, shard_id: str) -> ShardProgress:
        """Return the progress of a shard, new if there was none."""
        if shard_id not in self.shards:
            self.shards[shard_id] = ShardProgress(keep=partial(self.keeper.advanced, shard_id))
        return self.shards[shard_id]

    @property
    def finished(self) -> set[str]:
        """Shards read to their end."""
        return {shard_id for shard_id, progress in self.shards.items() if progress.finished}
