"""The shards of a stream: which one takes a hash key, and what splits and merges make of them.

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
    """All shards of a stream, in the order of their creation. Safe for threads."""

    def __init__(self, stream: int, shards: Iterable[Shard], creations: Creations, journal: Journal) -> None:
        """Have `shards`, in the order of their creation; `stream` is when theirs was created, in microseconds."""
        self.lock = threading.RLock()
        self._stream = stream
        self._creations = creations
        self._journal = journal
        self._shards = {shard.shard_id: shard for shard in shards}
        # The last one made is open, and so it is there, whichever of the closed ones are forgotten.
        self._made = 1 + max(shard.index for shard in self._shards.values())
        self._routes: tuple[list[int], list[Shard]] = ([], [])
        self._route()

    @classmethod
    def uniform(cls, stream: int, count: int, creations: Creations, journal: Journal) -> "Topology":
        """Make `count` shards of equal ranges."""
        shards = [
            Shard(index, creations.next(), start, end, (), journal)
            for index, (start, end) in enumerate(uniform_ranges(count))
        ]
        return cls(stream, shards, creations, journal)

    @property
    def shards(self) -> list[Shard]:
        """Every shard that is still listed."""
        with self.lock:
            return list(self._shards.values())

    @property
    def open_shards(self) -> list[Shard]:
        """The open ones, by hash key."""
        return list(self._routes[1])

    def get(self, shard_id: str) -> Shard | None:
        """Return a shard, or None."""
        return self._shards.get(shard_id)

    def route(self, hash_key: int) -> Shard:
        """Return the shard that takes `hash_key`; it may be closed by the time its lock is had."""
        starts, shards = self._routes
        return shards[bisect_right(starts, hash_key) - 1]

    def children(self, shard: Shard) -> list[Shard]:
        """Return the shards that came out of `shard`."""
        return [other for other in self.shards if shard.shard_id in other.parents]

    def split(self, shard: Shard, at: int, now: float) -> None:
        """Close `shard`; its children begin at its own start and at `at`."""
        self._replace([shard], [(shard.start, at - 1), (at, shard.end)], now)

    def merge(self, parents: Sequence[Shard], now: float) -> None:
        """Close two adjacent shards, the one to merge first; their child takes both ranges."""
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
        """Forget the shards that were closed before `horizon`: all of their records are trimmed."""
        with self.lock:
            expired = [shard for shard in self.shards if shard.closed_at is not None and shard.closed_at < horizon]
            if expired:
                self._journal.expired(expired)
            for shard in expired:
                del self._shards[shard.shard_id]

    def _replace(self, parents: Sequence[Shard], ranges: Iterable[tuple[int, int]], now: float) -> None:
        """Close and route anew while nobody can put to a parent: a put that waited finds it closed and the child."""
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
                self._made += len(children)
                self._route()
            finally:
                for shard in held:
                    shard.lock.release()

    def _children(self, parents: Sequence[Shard], ranges: Iterable[tuple[int, int]]) -> list[Shard]:
        parent_ids = [parent.shard_id for parent in parents]
        return [
            Shard(index, self._creations.next(), start, end, parent_ids, self._journal)
            for index, (start, end) in enumerate(ranges, self._made)
        ]

    def _route(self) -> None:
        shards = sorted((shard for shard in self._shards.values() if shard.is_open), key=lambda shard: shard.start)
        self._routes = [shard.start for shard in shards], shards


def uniform_ranges(count: int) -> list[tuple[int, int]]:
    """Return `count` ranges of equal size, first and last key of each, that cover all hash keys."""
    starts = [HASH_KEYS * index // count for index in range(count)]
    return list(zip(starts, [*(start - 1 for start in starts[1:]), HASH_KEYS - 1], strict=True))
