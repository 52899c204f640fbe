"""Computes what a load needs: shards, parallelization factor, concurrency and memory; pure arithmetic."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.capacity import limits
from harness.capacity.limits import Limit

HEADROOM = 0.8
"""A recommendation uses at most this share of a limit: keys are never quite even, and a backlog must shrink again."""
MEMORY_RESERVE = 1.5


@dataclass(frozen=True)
class Load:
    """What arrives.

    Attributes:
        rate: events per second.
        record_bytes: of an event with its partition key.
        answer_bytes: of a record of the output stream with its partition key.
    """

    rate: float
    record_bytes: int
    answer_bytes: int


@dataclass(frozen=True)
class Function:
    """What an invocation costs on a full core.

    Attributes:
        invocation_ms: with one event.
        event_ms: each further event.
        peak_mib: memory used; None if it was not measured.
        source: where the figures are from.
    """

    invocation_ms: float
    event_ms: float
    peak_mib: float | None
    source: str

    def batch_ms(self, size: int, memory_mb: int) -> float:
        """Return an invocation's milliseconds at a share of a core (https://…/configuration-memory.html)."""
        slower = max(1.0, limits.MEMORY_OF_ONE_CPU / memory_mb)
        return slower * (self.invocation_ms + self.event_ms * (size - 1))


@dataclass(frozen=True)
class Settings:
    """The settings of a stage that decide what it carries."""

    shards: int
    parallelization_factor: int
    batch_size: int
    memory_mb: int
    region: str

    @property
    def concurrency(self) -> int:
        """The most batches at the same time."""
        return self.shards * self.parallelization_factor


def fitting_batch(batch_size: int, record_bytes: int) -> int:
    """Return the largest batch whose event fits into an invocation: data is base64 there, in an envelope."""
    in_event = math.ceil(record_bytes / 3) * 4 + limits.ENVELOPE
    return max(1, min(batch_size, limits.MAX_BATCH, limits.PAYLOAD // in_event))


def function_rate(function: Function, settings: Settings, record_bytes: int) -> float:
    """Return the events per second that one batch at a time gets through."""
    size = fitting_batch(settings.batch_size, record_bytes)
    return size / function.batch_ms(size, settings.memory_mb) * 1000


def limits_of(load: Load, function: Function, settings: Settings) -> list[Limit]:
    """Return how much of each limit a load takes with these settings, the one met first in front.

    Assumes even keys; the hottest shard has a larger share of everything.
    """
    shards, streams = settings.shards, limits.STREAMS
    each = load.rate / shards
    processed = function_rate(function, settings, load.record_bytes) * settings.parallelization_factor
    busy = settings.concurrency * min(1.0, each / processed)
    found = [
        Limit("records/s written to a shard", each, limits.WRITE_RECORDS, streams),
        Limit("bytes/s written to a shard", each * load.record_bytes, limits.WRITE_BYTES, streams),
        Limit("bytes/s of answers written to a shard", each * load.answer_bytes, limits.WRITE_BYTES, streams),
        Limit("bytes/s read from a shard", each * load.record_bytes, limits.READ_BYTES, streams),
        Limit("events/s processed of a shard", each, processed, limits.MAPPING),
        Limit("concurrent invocations of the account", busy, limits.CONCURRENCY, limits.LAMBDA),
        Limit("shards of the account", 2 * shards, limits.shard_quota(settings.region), streams),
    ]
    return sorted(found, key=lambda limit: -limit.share)


def carried(load: Load, function: Function, settings: Settings) -> float:
    """Return the events per second at which the first limit is met; quotas that do not grow with the rate aside."""
    growing = [limit for limit in limits_of(load, function, settings) if "of the account" not in limit.name]
    return load.rate / max(limit.share for limit in growing)


def recommended(load: Load, function: Function, current: Settings) -> Settings:
    """Return settings that carry the load with headroom; batch size and region stay.

    Memory is the smallest in which the function fits and for which no shard is needed beyond those for the writes.
    """
    largest = max(load.record_bytes, load.answer_bytes)
    writes = max(load.rate / limits.WRITE_RECORDS, load.rate * largest / limits.WRITE_BYTES)
    shards = max(1, math.ceil(round(writes / HEADROOM, 9)))
    sizes = [size for size in limits.MEMORY_SIZES if size >= (function.peak_mib or 0) * MEMORY_RESERVE]
    for memory in sizes or [_rounded_up(function.peak_mib or 0)]:
        found = _with_parallelization(load, function, current, shards, memory)
        if found.shards == shards:
            break
    return found


def _with_parallelization(load: Load, function: Function, current: Settings, shards: int, memory: int) -> Settings:
    one = Settings(1, 1, current.batch_size, memory, current.region)
    batches = load.rate / (function_rate(function, one, load.record_bytes) * HEADROOM)
    shards = max(shards, math.ceil(batches / limits.MAX_PARALLELIZATION))
    return Settings(shards, max(1, math.ceil(batches / shards)), current.batch_size, memory, current.region)


def _rounded_up(peak_mib: float) -> int:
    return math.ceil(peak_mib * MEMORY_RESERVE / 64) * 64
