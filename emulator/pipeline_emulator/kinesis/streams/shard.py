"""One shard: hash key range, lineage and records."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.limits import ReadLimit, WriteLimit
from pipeline_emulator.kinesis.streams.records import OVERHEAD_BYTES, Record, RecordLog
from pipeline_emulator.kinesis.streams.sequence import SequenceNumbers, counter, seconds

# Quota of one response: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
LARGEST_READ_BYTES = 10 * 2**20


class Entry(NamedTuple):
    """A record to put.

    Attributes:
        hash_key: selects the shard.
        size: the bytes that count toward limits (data and partition key).
    """

    hash_key: int
    partition_key: str
    data: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """The result of a read. The next read continues at `position`; it is None at the end of a closed shard."""

    records: Sequence[Record]
    position: int | None
    milliseconds_behind: int


class Shard:
    """A shard. Each has its own lock, so shards do not wait for each other."""

    def __init__(
        self, index: int, created: int, start: int, end: int, parents: Sequence[str], journal: Journal
    ) -> None:
        """Create an open shard for hash keys `start` to `end`, both included; `created` in epoch microseconds."""
        self.index = index
        self.shard_id = f"shardId-{index:012}"
        self.start, self.end = start, end
        self.parents = tuple(parents)
        self.numbers = SequenceNumbers(created, index)
        self.created_at = created / 1e6
        self.closed_at: float | None = None
        self.last_number: int | None = None
        self.lock = threading.RLock()
        self._journal = journal
        self._log = RecordLog()
        self._counter = 0
        self._latest = self.numbers.first
        self._last_arrival = _milliseconds(self.created_at)
        self._write_limit, self._read_limit = WriteLimit(), ReadLimit()

    @property
    def is_open(self) -> bool:
        """Whether the shard accepts records."""
        return self.closed_at is None

    @property
    def latest(self) -> int:
        """Sequence number of the last record, or the shard's first number if it has none."""
        return self._latest

    @property
    def last_arrival(self) -> float:
        """Arrival of the last record, or creation of the shard if it has none, in seconds since the epoch."""
        return self._last_arrival

    @property
    def counter(self) -> int:
        """How many numbers were given to records."""
        return self._counter

    @property
    def held_bytes(self) -> int:
        """Approximate memory of the records, in bytes."""
        with self.lock:
            return self._log.held_bytes

    @property
    def oldest_arrival(self) -> float | None:
        """Arrival of the oldest record held, in seconds since the epoch."""
        with self.lock:
            return self._log.oldest_arrival

    @property
    def records(self) -> Sequence[Record]:
        """The records held."""
        with self.lock:
            return self._log.all()

    def bytes_until(self, arrival: float) -> int:
        """Return the memory of the records that arrived at or before `arrival`."""
        with self.lock:
            return self._log.bytes_until(arrival)

    def drop_until(self, arrival: float) -> int:
        """Drop the records that arrived at or before `arrival`; return the bytes of memory freed."""
        with self.lock:
            return self._dropped(self._log.drop_until(arrival))

    def drop_before(self, horizon: float) -> None:
        """Drop the records from before `horizon`."""
        with self.lock:
            self._dropped(self._log.drop_before(horizon))

    def number_at(self, arrival: float) -> int:
        """Return the position before the first record at or after `arrival`."""
        with self.lock:
            number = self._log.number_at(arrival)
            return self._latest if number is None else number - 1

    def holds(self, number: int) -> bool:
        """Return whether the record with this number can still be read."""
        with self.lock:
            return self._log.holds(number)

    def progress(self, position: int) -> int:
        """Return a number from which a reader that has reached `position` can continue, at or after it.

        Like AWS's it is no record's: one second later than the last record read, and below the next one.
        """
        owned = self.numbers.owns(position)
        if owned and not self.holds(position):
            return position
        read = counter(position) - (0 if owned else 1)
        return self.numbers.number(read, seconds(position) + 1)

    def trim(self, horizon: float) -> None:
        """Free the memory of records from before `horizon` if they are many. The caller holds the lock."""
        self._dropped(self._log.trim(horizon))

    def _dropped(self, freed: int) -> int:
        if freed:
            first = self._log.first_number
            self._journal.trimmed(self, self._counter + 1 if first is None else counter(first))
        return freed

    def number(self, entries: Iterable[Entry], now: float, limited: bool) -> list[Record | None]:
        """Turn entries into records; None for those over the rate if it applies (`limited`). The caller holds the lock.

        The records are not in the shard before `append`.
        """
        # Clients see whole milliseconds, and a read from such a time must find the record. The order must survive a
        # clock that is set back.
        self._last_arrival = arrival = max(_milliseconds(now), self._last_arrival)
        end, number = self._log.put_bytes, self.numbers.at(arrival)
        records: list[Record | None] = []
        for _, key, data, size in entries:
            if limited and not self._write_limit.admits(size, now):
                records.append(None)
                continue
            self._counter += 1
            end += size + OVERHEAD_BYTES
            records.append(Record(number(self._counter), arrival, key, data, size, end))
        return records

    def withdraw(self, records: Sequence[Record]) -> None:
        """Take back the numbers from the last call of `number`, which nobody has seen: the records were not stored.

        The counter thus stays the number of records put, from which losses are computed.
        """
        self._counter -= len(records)

    def append(self, records: Sequence[Record]) -> None:
        """Add records from `number`. The caller has held the lock since that call."""
        self._log.extend(records)
        if records:
            self._latest = records[-1].number

    def restore(self, counter: int, last_arrival: float, closed_at: float | None) -> None:
        """Restore the state that an earlier process stored, except the records."""
        self._counter, self._last_arrival = counter, last_arrival
        self._latest = self.numbers.number(counter, last_arrival) if counter else self.numbers.first
        if closed_at is not None:
            self.close(closed_at)

    def restore_records(self, rows: Iterable[tuple[int, float, str, bytes]]) -> None:
        """Add the records that an earlier process stored, in order: counter, arrival, partition key and data."""
        end = self._log.put_bytes
        records = []
        for count, arrival, key, data in rows:
            size = len(data) + len(key.encode())
            end += size + OVERHEAD_BYTES
            records.append(Record(self.numbers.number(count, arrival), arrival, key, data, size, end))
        self._log.extend(records)

    def read(self, position: int, limit: int, horizon: float, now: float, limited: bool) -> Chunk | None:
        """Return up to `limit` records above `position` and not before `horizon`; None if the rate is exceeded."""
        with self.lock:
            if limited and not self._read_limit.admits(now):
                return None
            records, following = self._log.after(position, limit, LARGEST_READ_BYTES, horizon)
            if limited:
                self._read_limit.count(sum(record.size for record in records))
            at_end = following is None
            reached = records[-1].number if records else position
            # At least one millisecond: zero means that nothing is left.
            behind = 0 if following is None else max(1, int((now - following.arrival) * 1000))
            return Chunk(records, None if at_end and not self.is_open else reached, behind)

    def closing_time(self, now: float) -> float:
        """Return the closing time of a shard that is closed `now`: not before its last record."""
        return max(now, self._last_arrival)

    def close(self, at: float) -> None:
        """Accept no records after `at`, the closing time. The caller holds the lock."""
        self.closed_at = at
        self.last_number = self.numbers.last(self.closed_at)


def _milliseconds(seconds: float) -> float:
    """Round a time down to whole milliseconds."""
    return int(seconds * 1000) / 1000
