"""The shards of a stream: routing of hash keys, splits and merges.

https://docs.aws.amazon.com/streams/latest/dev/kinesis-using-sdk-java-resharding.html
"""

import threading
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.sequence import Creations
from pipeline_emulator.kinesis.streams.shard import Shard

HASH_KEYS = 2**128
"""Hash keys are 0 to 2^128 - 1."""


class Topology:
    """All shards of a stream, in the order of their creation. Thread-safe."""

    def __init__(self, stream: int, shards: Iterable[Shard], creations: Creations, journal: Journal) -> None:
        """Hold `shards`, in the order of their creation; `stream` is the stream's creation time in microseconds."""
        self.lock = threading.RLock()
        self._stream = stream
        self._creations = creations
        self._journal = journal
        self._shards = {shard.shard_id: shard for shard in shards}
        # The shard created last is open, so it is still listed even if closed ones have expired.
        self._next_index = 1 + max(shard.index for shard in self._shards.values())
        self._routes: tuple[list[int], list[Shard]] = ([], [])
        self._route()

    @classmethod
    def uniform(cls, stream: int, count: int, creations: Creations, journal: Journal) -> "Topology":
        """Create `count` shards of equal ranges."""
        shards = [
            Shard(index, creations.next(), start, end, (), journal)
            for index, (start, end) in enumerate(uniform_ranges(count))
        ]
        return cls(stream, shards, creations, journal)

    @property
    def shards(self) -> list[Shard]:
        """All shards that have not expired."""
        with self.lock:
            return list(self._shards.values())

    @property
    def open_shards(self) -> list[Shard]:
        """The open shards, ordered by hash key."""
        return list(self._routes[1])

    def get(self, shard_id: str) -> Shard | None:
        """Return a shard, or None if there is none with this id."""
        return self._shards.get(shard_id)

    def route(self, hash_key: int) -> Shard:
        """Return the open shard for `hash_key`; it may be closed by the time the caller locks it."""
        starts, shards = self._routes
        return shards[bisect_right(starts, hash_key) - 1]

    def children(self, shard: Shard) -> list[Shard]:
        """Return the children of `shard`."""
        return [other for other in self.shards if shard.shard_id in other.parents]

    def split(self, shard: Shard, at: int, now: float) -> None:
        """Close `shard` and create two children, the second beginning at hash key `at`."""
        self._replace([shard], [(shard.start, at - 1), (at, shard.end)], now)

    def merge(self, parents: Sequence[Shard], now: float) -> None:
        """Close two adjacent shards, ShardToMerge first, and create a child with both ranges."""
        self._replace(parents, [(min(one.start for one in parents), max(one.end for one in parents))], now)

    def scale(self, count: int, now: float) -> None:
        """Split and merge until there are `count` shards of equal ranges."""
        with self.lock:
            ranges = uniform_ranges(count)
            for start, _ in ranges:
                if (shard := self.route(start)).start != start:
                    self.split(shard, start, now)
            for start, end in ranges:
                while (shard := self.route(start)).end != end:
                    self.merge([shard, self.route(shard.end + 1)], now)

    def expire(self, horizon: float) -> None:
        """Remove the shards that were closed before `horizon`: all their records are trimmed."""
        with self.lock:
            expired = [shard for shard in self.shards if shard.closed_at is not None and shard.closed_at < horizon]
            if expired:
                self._journal.expired(expired)
            for shard in expired:
                del self._shards[shard.shard_id]

    def _replace(self, parents: Sequence[Shard], ranges: Iterable[tuple[int, int]], now: float) -> None:
        """Replace parents by children of the given ranges, with the parents locked.

        A put that waited for a parent finds it closed and is routed to a child.
        """
        with self.lock:
            held = sorted(parents, key=lambda shard: shard.index)
            for shard in held:
                shard.lock.acquire()
            try:
                closed = [(shard, shard.closing_time(now)) for shard in parents]
                children = self._children(parents, ranges)
                self._journal.resharded(self._stream, closed, children)
                for shard, at in closed:
                    shard.close(at)
                self._shards.update((child.shard_id, child) for child in children)
                self._next_index += len(children)
                self._route()
            finally:
                for shard in held:
                    shard.lock.release()

    def _children(self, parents: Sequence[Shard], ranges: Iterable[tuple[int, int]]) -> list[Shard]:
        parent_ids = [parent.shard_id for parent in parents]
        return [
            Shard(index, self._creations.next(), start, end, parent_ids, self._journal)
            for index, (start, end) in enumerate(ranges, self._next_index)
        ]

    def _route(self) -> None:
        shards = sorted((shard for shard in self._shards.values() if shard.is_open), key=lambda shard: shard.start)
        self._routes = [shard.start for shard in shards], shards


def uniform_ranges(count: int) -> list[tuple[int, int]]:
    """Return `count` ranges of equal size that cover all hash keys, as first and last key of each."""
    starts = [HASH_KEYS * index // count for index in range(count)]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), HASH_KEYS - 1], strict=True))
