"""One shard: its hash key range, its lineage and its records."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline_emulator.kinesis.streams.limits import ReadLimit, WriteLimit
from pipeline_emulator.kinesis.streams.records import Record, RecordLog
from pipeline_emulator.kinesis.streams.sequence import SequenceNumbers

# Quota of one answer: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
LARGEST_READ_BYTES = 10 * 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to put: `hash_key` decides on the shard."""

    hash_key: int
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that count for limits: the data and the partition key."""
        return len(self.data) + len(self.partition_key.encode())


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a read finds: `position` is where the next one goes on, None at the end of a closed shard."""

    records: Sequence[Record]
    position: int | None
    milliseconds_behind: int


class Shard:
    """A shard; records are put and read under its own lock, so that shards do not wait for each other."""

    def __init__(self, index: int, created: int, start: int, end: int, parents: Sequence["Shard"] = ()) -> None:
        """Make an open shard for hash keys `start` to `end`, both included; `created` in microseconds."""
        self.index = index
        self.shard_id = f"shardId-{index:012}"
        self.start, self.end = start, end
        self.parents = tuple(parent.shard_id for parent in parents)
        self.numbers = SequenceNumbers(created, index)
        self.created_at = created / 1e6
        self.closed_at: float | None = None
        self.last_number: int | None = None
        self.lock = threading.RLock()
        self._log = RecordLog()
        self._counter = 0
        self._latest = self.numbers.first
        self._last_arrival = self.created_at
        self._write_limit, self._read_limit = WriteLimit(), ReadLimit()

    @property
    def is_open(self) -> bool:
        """Whether the shard takes records."""
        return self.closed_at is None

    @property
    def latest(self) -> int:
        """Number of the last record, or the shard's first number."""
        return self._latest

    @property
    def last_arrival(self) -> float:
        """When the last record was put, or the shard made, in seconds since the epoch."""
        return self._last_arrival

    @property
    def held_bytes(self) -> int:
        """Memory that the records take, about."""
        with self.lock:
            return self._log.held_bytes

    @property
    def oldest_arrival(self) -> float | None:
        """When the oldest record that is held was put, in seconds since the epoch."""
        with self.lock:
            return self._log.oldest_arrival

    def bytes_until(self, arrival: float) -> int:
        """Return the memory of the records that arrived at or before `arrival`."""
        with self.lock:
            return self._log.bytes_until(arrival)

    def drop_until(self, arrival: float) -> int:
        """Drop the records that arrived at or before `arrival`; return the bytes of memory freed."""
        with self.lock:
            return self._log.drop_until(arrival)

    def drop_before(self, horizon: float) -> None:
        """Drop the records from before `horizon`."""
        with self.lock:
            self._log.drop_before(horizon)

    def number_at(self, arrival: float) -> int:
        """Return the position before the first record at or after `arrival`."""
        with self.lock:
            number = self._log.number_at(arrival)
            return self._latest if number is None else number - 1

    def trim(self, horizon: float) -> None:
        """Free the memory of records from before `horizon`, once it is worth the while; under the shard's lock."""
        self._log.trim(horizon)

    def put(self, entry: Entry, now: float, limited: bool) -> Record | None:
        """Add a record, under the shard's lock; return None if the rate is used up and counts (`limited`)."""
        if limited and not self._write_limit.admits(entry.size, now):
            return None
        self._last_arrival = arrival = max(now, self._last_arrival)  # a clock set back must not disturb the order
        self._counter += 1
        self._latest = self.numbers.number(self._counter, arrival)
        return self._log.append(self._latest, arrival, entry.partition_key, entry.data, entry.size)

    def read(self, position: int, limit: int, horizon: float, now: float, limited: bool) -> Chunk | None:
        """Return up to `limit` records above `position` and not before `horizon`; None if the rate is used up."""
        with self.lock:
            if limited and not self._read_limit.admits(now):
                return None
            records, following = self._log.after(position, limit, LARGEST_READ_BYTES, horizon)
            if limited:
                self._read_limit.count(sum(record.size for record in records))
            at_end = following is None
            reached = records[-1].number if records else position
            # One millisecond at least: zero says that nothing is left.
            behind = 0 if following is None else max(1, int((now - following.arrival) * 1000))
            return Chunk(records, None if at_end and not self.is_open else reached, behind)

    def close(self, now: float) -> None:
        """Take no more records, under the shard's lock."""
        self.closed_at = max(now, self._last_arrival)
        self.last_number = self.numbers.last(self.closed_at)
