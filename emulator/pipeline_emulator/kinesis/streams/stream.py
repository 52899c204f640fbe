"""One stream: settings, status, puts and reads."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from pipeline_emulator.kinesis.streams.consumers import Consumers
from pipeline_emulator.kinesis.streams.errors import (
    InvalidArgumentError,
    LimitExceededError,
    ResourceInUseError,
    ResourceNotFoundError,
    ThroughputExceededError,
)
from pipeline_emulator.kinesis.streams.identity import StreamName, shard_id_of
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start, start_position
from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.kinesis.streams.sequence import Clock
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.shard import Chunk, Entry, Shard
from pipeline_emulator.kinesis.streams.topology import Topology

SHORTEST_RETENTION_HOURS, LONGEST_RETENTION_HOURS = 24, 8760
ON_DEMAND_SHARDS = 4
DEFAULT_RECORD_KIB = 1024
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html: in a rolling period of 24 hours
MOST_SCALINGS, SCALING_PERIOD_SECONDS = 10, 24 * 3600


class Placed(NamedTuple):
    """Where a record went; `number` is None if the shard's rate was exceeded."""

    shard_id: str
    number: int | None


class Stream:
    """A stream. Thread-safe."""

    def __init__(
        self,
        name: StreamName,
        created: int,
        topology: Topology,
        mode: str,
        clock: Clock,
        settings: StreamSettings,
        journal: Journal,
    ) -> None:
        """Create an active stream. `created` is in microseconds since the epoch, `mode` PROVISIONED or ON_DEMAND."""
        self.name = name
        self.created = created
        self.created_at = created / 1e6
        self.mode = mode
        self.topology = topology
        self.begins_at = max(shard.created_at for shard in topology.shards)
        self.tags: dict[str, str] = {}
        self.metrics: set[str] = set()
        self.key_id: str | None = None
        self.warm_throughput: int | None = None  # MiB/s
        self.policies: dict[str, str] = {}
        self.consumers = Consumers(name)
        self.largest_record_kib = DEFAULT_RECORD_KIB
        self.lock = threading.RLock()
        self._retention_hours = SHORTEST_RETENTION_HOURS
        self._clock = clock
        self._settings = settings
        self._journal = journal
        self._transition, self._until = "ACTIVE", float("-inf")
        self._scalings: list[float] = []

    @property
    def status(self) -> str:
        """CREATING, UPDATING, DELETING or ACTIVE."""
        return self._transition if self._clock() < self._until else "ACTIVE"

    @property
    def is_gone(self) -> bool:
        """Whether the stream's deletion is complete."""
        return self._transition == "DELETING" and self._clock() >= self._until

    def begin(self, transition: str) -> None:
        """Enter a transition, which lasts for the latency of the settings."""
        self._transition, self._until = transition, self._clock() + self._settings.latency_seconds

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the stream's lock while its settings are changed, then store them."""
        with self.lock:
            yield
            self._journal.changed(self)

    def count_scaling(self, now: float) -> None:
        """Count an UpdateShardCount, if limits apply. The caller holds the lock.

        Raises:
            LimitExceededError: there were ten within a day. AWS's own words are not known.
        """
        if not self._settings.enforce_limits:
            return
        self._scalings = [at for at in self._scalings if at > now - SCALING_PERIOD_SECONDS]
        if len(self._scalings) >= MOST_SCALINGS:
            raise LimitExceededError(f"Stream {self.name} has been scaled {MOST_SCALINGS} times within 24 hours.")
        self._scalings.append(now)

    def require_active(self) -> None:
        """Check that no transition is under way.

        Raises:
            ResourceInUseError: the stream is being created, updated or deleted.
        """
        if (status := self.status) != "ACTIVE":
            raise ResourceInUseError(f"Stream {self.name} not ACTIVE, instead in state {status}")

    @property
    def retention_hours(self) -> int:
        """How long records stay readable, in hours."""
        return self._retention_hours

    @property
    def horizon(self) -> float:
        """The time before which records are trimmed, in seconds since the epoch."""
        return self._clock() - self._retention_hours * 3600

    def set_retention(self, hours: int) -> None:
        """Set the retention. Records trimmed under the old or the new one never come back."""
        with self.lock:
            horizon = max(self.horizon, self._clock() - hours * 3600)
            for shard in self.topology.shards:
                shard.drop_before(horizon)
            self._retention_hours = hours

    def restore_retention(self, hours: int) -> None:
        """Restore a stored retention, without trimming under the default that a stream begins with."""
        self._retention_hours = hours

    def shard(self, shard_id: str) -> Shard:
        """Return a shard by its id, which may be short (`shard_id_of`).

        Raises:
            ResourceNotFoundError: there is no such shard.
        """
        if (full := shard_id_of(shard_id)) is None:
            raise ResourceNotFoundError(f"Could not find shard {shard_id} in stream {self.name}.")
        if (shard := self.topology.get(full)) is None:
            raise ResourceNotFoundError(f"Shard {full} in stream {self.name} does not exist")
        return shard

    def put(self, entries: Sequence[Entry]) -> list[Placed]:
        """Put records, in order within each shard; return where each went."""
        placed: list[Placed | None] = [None] * len(entries)
        pending: Sequence[int] = range(len(entries))
        while pending:
            by_shard: defaultdict[Shard, list[int]] = defaultdict(list)
            for index in pending:
                by_shard[self.topology.route(entries[index].hash_key)].append(index)
            # A shard closed in between has children by now: its entries are routed again.
            pending = self._put(by_shard, entries, placed)
        return [place for place in placed if place is not None]

    def _put(
        self, by_shard: Mapping[Shard, list[int]], entries: Sequence[Entry], placed: list[Placed | None]
    ) -> list[int]:
        """Put the entries at each shard's indexes; return the indexes whose shard is closed.

        All shards stay locked until the records are stored. They are locked in the same order as in a resharding.
        """
        limited = self._settings.enforce_limits
        left: list[int] = []
        additions: list[tuple[Shard, list[Record]]] = []
        with ExitStack() as held:
            for shard in sorted(by_shard, key=lambda shard: shard.index):
                held.enter_context(shard.lock)
            now = self._clock()
            for shard, indexes in by_shard.items():
                if not shard.is_open:
                    left += indexes
                    continue
                shard.trim(self.horizon)
                records = shard.number([entries[index] for index in indexes], now, limited)
                for index, record in zip(indexes, records, strict=True):
                    placed[index] = Placed(shard.shard_id, record.number if record else None)
                additions.append((shard, [record for record in records if record]))
            try:
                self._journal.put(additions)
            except BaseException:
                for shard, added in additions:
                    shard.withdraw(added)
                raise
            for shard, added in additions:
                shard.append(added)
        return left

    def iterator(self, shard_id: str, start: Start) -> ShardIterator:
        """Return an iterator at a start.

        Raises:
            ResourceNotFoundError: there is no such shard.
            InvalidArgumentError: the start is invalid.
        """
        shard = self.shard(shard_id)
        position = start_position(self.name, shard, start, self._clock())
        return ShardIterator(self.name, self.created, shard.shard_id, position)

    def read(self, iterator: ShardIterator, limit: int, *, shared: bool = True) -> Chunk:
        """Return up to `limit` records; a registered consumer does not read at the `shared` rate of the shard.

        Raises:
            InvalidArgumentError: the iterator belongs to a deleted stream of the same name.
            ResourceNotFoundError: the shard has expired.
            ThroughputExceededError: the shard's rate is exceeded.
        """
        if iterator.created != self.created:
            raise InvalidArgumentError("Invalid ShardIterator.")
        shard = self.shard(iterator.shard_id)
        limited = shared and self._settings.enforce_limits
        chunk = shard.read(iterator.position, limit, self.horizon, self._clock(), limited)
        if chunk is None:
            raise ThroughputExceededError(f"Rate exceeded for shard {shard.shard_id} in stream {self.name}.")
        return chunk
