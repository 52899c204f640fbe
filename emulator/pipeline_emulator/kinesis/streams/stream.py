"""One stream: its settings, its status, and the ways records take through it."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from pipeline_emulator.kinesis.streams.consumers import Consumers
from pipeline_emulator.kinesis.streams.errors import (
    InvalidArgumentError,
    ResourceInUseError,
    ResourceNotFoundError,
    ThroughputExceededError,
)
from pipeline_emulator.kinesis.streams.identity import StreamName
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


class Placed(NamedTuple):
    """Where a record went; `number` is None if the shard's rate was used up."""

    shard_id: str
    number: int | None


class Stream:
    """A stream. Safe for threads."""

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
        """Make an active stream, created at `created` (microseconds); `mode` is PROVISIONED or ON_DEMAND."""
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

    @property
    def status(self) -> str:
        """CREATING, UPDATING, DELETING or ACTIVE."""
        return self._transition if self._clock() < self._until else "ACTIVE"

    @property
    def is_gone(self) -> bool:
        """Whether a deletion has come to its end."""
        return self._transition == "DELETING" and self._clock() >= self._until

    def begin(self, transition: str) -> None:
        """Be in a state of transition for the time that the settings say."""
        self._transition, self._until = transition, self._clock() + self._settings.latency_seconds

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the stream's lock while its settings are changed, then keep them."""
        with self.lock:
            yield
            self._journal.changed(self)

    def require_active(self) -> None:
        """Refuse changes during a transition.

        Raises:
            ResourceInUseError: the stream is in one.
        """
        if (status := self.status) != "ACTIVE":
            raise ResourceInUseError(f"Stream {self.name} not ACTIVE, instead in state {status}")

    @property
    def retention_hours(self) -> int:
        """How long records can be read, in hours."""
        return self._retention_hours

    @property
    def horizon(self) -> float:
        """Time in seconds since the epoch before which records are trimmed."""
        return self._clock() - self._retention_hours * 3600

    def set_retention(self, hours: int) -> None:
        """Keep records for `hours` from now on; what is trimmed under the old or the new retention never comes back."""
        with self.lock:
            horizon = max(self.horizon, self._clock() - hours * 3600)
            for shard in self.topology.shards:
                shard.drop_before(horizon)
            self._retention_hours = hours

    def restore_retention(self, hours: int) -> None:
        """Have the retention of a former process; nothing is trimmed under the one that a stream begins with."""
        self._retention_hours = hours

    def shard(self, shard_id: str) -> Shard:
        """Return a shard.

        Raises:
            ResourceNotFoundError: there is none.
        """
        if (shard := self.topology.get(shard_id)) is None:
            raise ResourceNotFoundError(f"Shard {shard_id} in stream {self.name} does not exist")
        return shard

    def put(self, entries: Sequence[Entry]) -> list[Placed]:
        """Put records, those of a shard in their order; return where each went."""
        placed: list[Placed | None] = [None] * len(entries)
        pending: Sequence[int] = range(len(entries))
        while pending:
            by_shard: defaultdict[Shard, list[int]] = defaultdict(list)
            for index in pending:
                by_shard[self.topology.route(entries[index].hash_key)].append(index)
            # A shard that was closed in between has children by now: its entries go round once more.
            pending = self._put(by_shard, entries, placed)
        return [place for place in placed if place is not None]

    def _put(
        self, by_shard: Mapping[Shard, list[int]], entries: Sequence[Entry], placed: list[Placed | None]
    ) -> list[int]:
        """Put the entries at each shard's indexes, and return the indexes left because their shard is closed.

        All shards are held until the records are kept, in the order in which a resharding holds them.
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
            self._journal.put(additions)
            for shard, added in additions:
                shard.append(added)
        return left

    def iterator(self, shard_id: str, start: Start) -> ShardIterator:
        """Return where to start reading.

        Raises:
            ResourceNotFoundError: there is no such shard.
            InvalidArgumentError: there is no such start.
        """
        shard = self.shard(shard_id)
        position = start_position(self.name, shard, start, self._clock())
        return ShardIterator(self.name, self.created, shard_id, position)

    def read(self, iterator: ShardIterator, limit: int) -> Chunk:
        """Return up to `limit` records.

        Raises:
            InvalidArgumentError: the iterator belongs to a stream of the same name that was deleted.
            ResourceNotFoundError: the shard is no more.
            ThroughputExceededError: the shard's rate is used up.
        """
        if iterator.created != self.created:
            raise InvalidArgumentError("Invalid ShardIterator.")
        shard = self.shard(iterator.shard_id)
        chunk = shard.read(iterator.position, limit, self.horizon, self._clock(), self._settings.enforce_limits)
        if chunk is None:
            raise ThroughputExceededError(f"Rate exceeded for shard {shard.shard_id} in stream {self.name}.")
        return chunk
