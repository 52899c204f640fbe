"""Streams in memory with a clock that tests set."""

import dataclasses
from collections.abc import Callable

import pytest

from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.iterators import Start
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.kinesis.streams.settings import StreamSettings
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.kinesis.streams.streams import Streams


@dataclasses.dataclass
class Clock:
    """A clock that stands still; `now` is in seconds since the epoch."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class World:
    """Streams and their clock."""

    clock: Clock
    streams: Streams

    def name(self, name: str = "stream") -> StreamName:
        """Return a name in the tests' account and region."""
        return StreamName("000000000000", "ap-south-1", name)

    def create(self, shards: int | None = 1, name: str = "stream", mode: str = "PROVISIONED") -> Stream:
        """Create a stream."""
        return self.streams.create(self.name(name), shards, mode)

    def put(self, stream: Stream, *data: bytes, key: str = "key") -> list[Placed]:
        """Put records with one partition key."""
        return self.streams.put(stream, [entry(one, key) for one in data])

    def read(self, stream: Stream, start: Start | None = None, shard: int = 0, limit: int = 10_000) -> list[Record]:
        """Read a shard once."""
        iterator = stream.iterator(f"shardId-{shard:012}", start or Start("TRIM_HORIZON"))
        return list(stream.read(iterator, limit).records)


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Return a factory of worlds with settings."""

    def make(**settings: float) -> World:
        clock = Clock()
        return World(clock, Streams(StreamSettings(**settings), clock))  # type: ignore[arg-type]

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """A world with default settings."""
    return make_world()
