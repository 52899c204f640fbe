"""All streams of a LocalStack, by account and region."""

import threading
import time

from pipeline_emulator.kinesis.streams.errors import ResourceInUseError, ResourceNotFoundError
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, open_iterator
from pipeline_emulator.kinesis.streams.memory import Memory
from pipeline_emulator.kinesis.streams.quotas import initial_shard_count, require_room
from pipeline_emulator.kinesis.streams.records import OVERHEAD_BYTES
from pipeline_emulator.kinesis.streams.sequence import Clock, Creations
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.shard import Entry, Shard
from pipeline_emulator.kinesis.streams.stream import Placed, Stream


class Streams:
    """The streams. Safe for threads."""

    def __init__(self, settings: StreamSettings, clock: Clock = time.time) -> None:
        """Start without any."""
        self.clock = clock
        self._settings = settings
        self._creations = Creations(clock)
        self._lock = threading.RLock()
        self._streams: dict[StreamName, Stream] = {}
        self._memory = Memory(settings.memory_limit_bytes, self._all_shards, clock)

    def all(self, account: str, region: str) -> list[Stream]:
        """Return the streams of an account and region by name."""
        with self._lock:
            for stream in [stream for stream in self._streams.values() if stream.is_gone]:
                del self._streams[stream.name]
            found = [
                stream for name, stream in self._streams.items() if (name.account, name.region) == (account, region)
            ]
        return sorted(found, key=lambda stream: stream.name.name)

    def get(self, name: StreamName) -> Stream:
        """Return a stream, whatever its status.

        Raises:
            ResourceNotFoundError: there is none.
        """
        stream = self._streams.get(name)
        if stream is None or stream.is_gone:
            raise ResourceNotFoundError(f"Stream {name} not found.")
        return stream

    def usable(self, name: StreamName) -> Stream:
        """Return a stream that can be written and read.

        Raises:
            ResourceNotFoundError: there is none, or it is still being created or already being deleted.
        """
        stream = self.get(name)
        if stream.status not in {"ACTIVE", "UPDATING"}:
            raise ResourceNotFoundError(f"Stream {name} not found.")
        return stream

    def create(self, name: StreamName, shard_count: int | None, mode: str) -> Stream:
        """Make a stream; in mode ON_DEMAND `shard_count` does not matter.

        Raises:
            LimitExceededError: the account would have too many shards or on-demand streams.
            ResourceInUseError: a stream has that name.
        """
        count = initial_shard_count(shard_count, mode)
        with self._lock:
            streams = self.all(name.account, name.region)
            if name in self._streams:
                raise ResourceInUseError(f"Stream {name} already exists.")
            require_room(streams, name, count, mode)
            stream = Stream(name, count, mode, self.clock, self._creations, self._settings)
            self._streams[name] = stream
            return stream

    def delete(self, name: StreamName, with_consumers: bool) -> None:
        """Delete a stream, with its registered consumers only if `with_consumers`.

        Raises:
            ResourceInUseError: it has consumers.
            ResourceNotFoundError: there is none.
        """
        with self._lock:
            stream = self.get(name)
            if len(stream.consumers) and not with_consumers:
                raise ResourceInUseError(
                    f"Stream {name} has consumers registered. Set the EnforceConsumerDeletion parameter to true to"
                    " force deletion of the stream and its consumers."
                )
            stream.begin("DELETING")
            if stream.is_gone:
                del self._streams[name]

    def put(self, stream: Stream, entries: list[Entry]) -> list[Placed]:
        """Put records, and keep the memory of all within its limit."""
        placed = stream.put(entries)
        self._memory.count(sum(entry.size + OVERHEAD_BYTES for entry in entries))
        return placed

    def open_iterator(self, text: str) -> tuple[Stream, ShardIterator]:
        """Return what a shard iterator stands for.

        Raises:
            ExpiredIteratorError: it is too old.
            InvalidArgumentError: it was not made here.
            ResourceNotFoundError: its stream is no more.
        """
        iterator = open_iterator(text, self.clock())
        return self.usable(iterator.stream), iterator

    def _all_shards(self) -> list[Shard]:
        with self._lock:
            return [shard for stream in self._streams.values() for shard in stream.topology.shards]
