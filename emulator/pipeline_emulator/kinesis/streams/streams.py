"""The streams of all accounts and regions."""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from pipeline_emulator.kinesis.streams import state
from pipeline_emulator.kinesis.streams.errors import ResourceInUseError, ResourceNotFoundError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, open_iterator
from pipeline_emulator.kinesis.streams.journal import Journal
from pipeline_emulator.kinesis.streams.memory import Memory
from pipeline_emulator.kinesis.streams.quotas import initial_shard_count, require_room
from pipeline_emulator.kinesis.streams.records import OVERHEAD_BYTES
from pipeline_emulator.kinesis.streams.sequence import Clock, Creations
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.shard import Entry, Shard
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.kinesis.streams.topology import Topology


class Streams:
    """All streams of a LocalStack. Thread-safe."""

    def __init__(self, settings: StreamSettings, clock: Clock = time.time, journal: Journal | None = None) -> None:
        """Start without streams; `journal` stores their changes."""
        self.clock = clock
        self._settings = settings
        self._journal = journal or Journal()
        self._creations = Creations(clock)
        self._lock = threading.RLock()
        self._streams: dict[StreamName, Stream] = {}
        self._memory = Memory(settings.memory_limit_bytes, self._all_shards, clock)

    def all(self, account: str, region: str) -> list[Stream]:
        """Return the streams of an account and region, ordered by name."""
        with self._lock:
            for stream in [stream for stream in self._streams.values() if stream.is_gone]:
                del self._streams[stream.name]
            found = [
                stream for name, stream in self._streams.items() if (name.account, name.region) == (account, region)
            ]
        return sorted(found, key=lambda stream: stream.name.name)

    def every(self) -> list[Stream]:
        """Return the streams of all accounts and regions."""
        with self._lock:
            return [stream for stream in self._streams.values() if not stream.is_gone]

    @property
    def journal(self) -> Journal:
        """Where changes are stored."""
        return self._journal

    def get(self, name: StreamName) -> Stream:
        """Return a stream, whatever its status.

        Raises:
            ResourceNotFoundError: there is no such stream.
        """
        stream = self._streams.get(name)
        if stream is None or stream.is_gone:
            raise ResourceNotFoundError(f"Stream {name} not found.")
        return stream

    def usable(self, name: StreamName) -> Stream:
        """Return a stream that can be written and read.

        Raises:
            ResourceNotFoundError: there is no such stream, or it is being created or deleted.
        """
        stream = self.get(name)
        if stream.status not in {"ACTIVE", "UPDATING"}:
            raise ResourceNotFoundError(f"Stream {name} not found.")
        return stream

    def create(self, name: StreamName, shard_count: int | None, mode: str) -> Stream:
        """Create a stream; in mode ON_DEMAND `shard_count` is ignored.

        Raises:
            LimitExceededError: the account would have too many shards or on-demand streams.
            ResourceInUseError: a stream with this name exists.
        """
        count = initial_shard_count(shard_count, mode)
        with self._lock:
            streams = self.all(name.account, name.region)
            if name in self._streams:
                raise ResourceInUseError(f"Stream {name} already exists.")
            require_room(streams, name, count, mode)
            created = self._creations.next()
            topology = Topology.uniform(created, count, self._creations, self._journal)
            stream = self._stream(name, created, topology, mode)
            self._journal.created(stream)
            stream.begin("CREATING")
            self._streams[name] = stream
            return stream

    def restore(self, name: StreamName, created: int, shards: Iterable[Shard], settings: Mapping[str, Any]) -> None:
        """Add a stream that an earlier process stored: shards with their records, settings from `state.settings`."""
        stream = self._stream(name, created, Topology(created, shards, self._creations, self._journal), "")
        state.apply(stream, settings)
        self._streams[name] = stream
        self._memory.count(sum(shard.held_bytes for shard in stream.topology.shards))

    def continue_after(self, created: int) -> None:
        """Create streams and shards after `created` only (microseconds since the epoch)."""
        self._creations.continue_after(created)

    def _stream(self, name: StreamName, created: int, topology: Topology, mode: str) -> Stream:
        return Stream(name, created, topology, mode, self.clock, self._settings, self._journal)

    def delete(self, name: StreamName, with_consumers: bool) -> None:
        """Delete a stream, with its registered consumers only if `with_consumers`.

        Raises:
            ResourceInUseError: it has consumers.
            ResourceNotFoundError: there is no such stream.
        """
        with self._lock:
            stream = self.get(name)
            if len(stream.consumers) and not with_consumers:
                raise ResourceInUseError(
                    f"Stream {name} has consumers registered. Set the EnforceConsumerDeletion parameter to true to"
                    " force deletion of the stream and its consumers."
                )
            self._journal.deleted(stream)
            stream.begin("DELETING")
            if stream.is_gone:
                del self._streams[name]

    def put(self, stream: Stream, entries: list[Entry]) -> list[Placed]:
        """Put records and keep all records within the memory limit."""
        placed = stream.put(entries)
        self._memory.count(sum(entry.size + OVERHEAD_BYTES for entry in entries))
        return placed

    def open_iterator(self, text: str) -> tuple[Stream, ShardIterator]:
        """Return the stream and the iterator that a text from `ShardIterator.seal` stands for.

        Raises:
            ExpiredIteratorError: it is older than five minutes.
            InvalidArgumentError: the text is not from `seal`.
            ResourceNotFoundError: its stream has been deleted.
        """
        iterator = open_iterator(text, self.clock())
        return self.usable(iterator.stream), iterator

    def _all_shards(self) -> list[Shard]:
        with self._lock:
            return [shard for stream in self._streams.values() for shard in stream.topology.shards]
