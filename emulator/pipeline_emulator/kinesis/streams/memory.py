"""Limits the memory of all records: above the limit the oldest are dropped, as if their retention had ended."""

import logging
import threading
from collections.abc import Callable, Sequence

from pipeline_emulator.kinesis.streams.sequence import Clock
from pipeline_emulator.kinesis.streams.shard import Shard

LOG = logging.getLogger(__name__)

_WARNING_INTERVAL_SECONDS = 60
# Frees some extra memory each time, so that the search for the oldest records is rare.
_FILL_AFTER_TRIM = 0.9
_BISECTIONS = 50


class Memory:
    """Counts bytes put; when the limit may be reached, measures and trims. Thread-safe."""

    def __init__(self, limit: int, shards: Callable[[], Sequence[Shard]], clock: Clock) -> None:
        """Keep the records of all `shards` within `limit` bytes."""
        self._limit = limit
        self._shards = shards
        self._clock = clock
        self._lock = threading.Lock()
        self._room = limit
        self._warned_at = float("-inf")

    def count(self, size: int) -> None:
        """Count `size` bytes that were put. Memory freed by retention and deletions is found by measuring."""
        with self._lock:
            self._room -= size
            if self._room < 0:
                self._room = self._limit - self._measure_and_trim()

    def _measure_and_trim(self) -> int:
        """Trim if needed and return the bytes still held."""
        shards = self._shards()
        used = sum(shard.held_bytes for shard in shards)
        if used <= self._limit:
            return used
        self._warn()
        until = self._cutoff(shards, used - int(self._limit * _FILL_AFTER_TRIM))
        for shard in shards:
            used -= shard.drop_until(until)
        return used

    def _cutoff(self, shards: Sequence[Shard], wanted: int) -> float:
        """Return the arrival time up to which the records of all shards take `wanted` bytes or slightly more."""
        oldest = [shard.oldest_arrival for shard in shards]
        low = min(arrival for arrival in oldest if arrival is not None)
        high = max(self._clock(), *(shard.last_arrival for shard in shards))
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            if sum(shard.bytes_until(middle) for shard in shards) < wanted:
                low = middle
            else:
                high = middle
        return high

    def _warn(self) -> None:
        now = self._clock()
        if now - self._warned_at >= _WARNING_INTERVAL_SECONDS:
            self._warned_at = now
            LOG.warning(
                "Kinesis holds more than KINESIS_MEMORY_LIMIT_MB (%d MiB): dropping the oldest records",
                self._limit // 2**20,
            )
