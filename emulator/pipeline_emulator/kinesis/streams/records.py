"""The records of one shard, ordered by sequence number.

Searches are bisections and reads are slices, so neither slows down with the number of records held.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

OVERHEAD_BYTES = 530
"""Memory of a record besides data and key. Measured: LocalStack grew by 740 MB with 1,010,000 records of 204 bytes."""

# Deleting from the front of a list moves all later items, so many records are deleted at once.
_SMALLEST_DELETION = 1_000
_LARGEST_BACKLOG = 1 / 8

_number = attrgetter("number")
_arrival = attrgetter("arrival")


class Record(NamedTuple):
    """One record.

    Attributes:
        number: the sequence number.
        arrival: in seconds since the epoch.
        size: the bytes that count toward limits (data and partition key).
        end: memory in bytes of all records ever put to the shard, up to and including this one.
    """

    number: int
    arrival: float
    partition_key: str
    data: bytes
    size: int
    end: int


class RecordLog:
    """Records, appended at one end and trimmed at the other. Not thread-safe: the shard locks."""

    def __init__(self) -> None:
        """Start empty."""
        self._records: list[Record] = []
        self._put_bytes = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def held_bytes(self) -> int:
        """Approximate memory of the records, in bytes."""
        return self._records[-1].end - self._start_of(0) if self._records else 0

    @property
    def oldest_arrival(self) -> float | None:
        """Arrival of the oldest record, in seconds since the epoch."""
        return self._records[0].arrival if self._records else None

    @property
    def first_number(self) -> int | None:
        """Sequence number of the oldest record."""
        return self._records[0].number if self._records else None

    @property
    def put_bytes(self) -> int:
        """Memory of all records ever put, in bytes: the `end` of the last one."""
        return self._put_bytes

    def all(self) -> Sequence[Record]:
        """Return all records."""
        return tuple(self._records)

    def extend(self, records: Sequence[Record]) -> None:
        """Add records with ascending numbers and arrivals, not below those held; their `end` continues `put_bytes`."""
        if records:
            self._records.extend(records)
            self._put_bytes = records[-1].end

    def after(self, number: int, limit: int, size_limit: int, horizon: float) -> tuple[Sequence[Record], Record | None]:
        """Return records above `number` that arrived at or after `horizon`, and the first record after them.

        Args:
            number: sequence number after which to read.
            limit: maximum number of records.
            size_limit: maximum number of bytes; at least one record is returned regardless.
            horizon: records that arrived before this time (seconds since the epoch) count as trimmed.
        """
        records = self._records
        start = max(bisect_right(records, number, key=_number), bisect_left(records, horizon, key=_arrival))
        end = self._cut(start, min(start + limit, len(records)), size_limit)
        return records[start:end], records[end] if end < len(records) else None

    def holds(self, number: int) -> bool:
        """Return whether there is a record with this number."""
        index = bisect_left(self._records, number, key=_number)
        return index < len(self._records) and self._records[index].number == number

    def number_at(self, arrival: float) -> int | None:
        """Return the number of the first record at or after `arrival`, or None if there is none."""
        index = bisect_left(self._records, arrival, key=_arrival)
        return self._records[index].number if index < len(self._records) else None

    def bytes_until(self, arrival: float) -> int:
        """Return the memory of the records that arrived at or before `arrival`."""
        index = bisect_right(self._records, arrival, key=_arrival)
        return self._records[index - 1].end - self._start_of(0) if index else 0

    def trim(self, horizon: float) -> int:
        """Drop the records from before `horizon` if they are many; return the bytes of memory freed."""
        index = bisect_left(self._records, horizon, key=_arrival)
        if index < max(_SMALLEST_DELETION, len(self._records) * _LARGEST_BACKLOG) and index < len(self._records):
            return 0
        return self._drop(index)

    def drop_before(self, horizon: float) -> int:
        """Drop all records from before `horizon`; return the bytes of memory freed."""
        return self._drop(bisect_left(self._records, horizon, key=_arrival))

    def drop_until(self, arrival: float) -> int:
        """Drop the records that arrived at or before `arrival`; return the bytes of memory freed."""
        return self._drop(bisect_right(self._records, arrival, key=_arrival))

    def _drop(self, count: int) -> int:
        if not count:
            return 0
        freed = self._records[count - 1].end - self._start_of(0)
        del self._records[:count]
        return freed

    def _start_of(self, index: int) -> int:
        record = self._records[index]
        return record.end - record.size - OVERHEAD_BYTES

    def _cut(self, start: int, end: int, size_limit: int) -> int:
        """Return the end of the records from `start` to `end` that fit into the limit, at least one."""
        if end <= start + 1:
            return end
        before = self._start_of(start) - start * OVERHEAD_BYTES  # without overhead
        indexes = range(start + 1, end)
        fitting = bisect_right(
            indexes, size_limit, key=lambda index: self._records[index].end - (index + 1) * OVERHEAD_BYTES - before
        )
        return start + 1 + fitting
