"""Reads a stream without HTTP: numbers, times and iterators stay objects instead of text."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from botocore.exceptions import ClientError

from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.provider.base import timestamp
from pipeline_emulator.kinesis.provider.data import read
from pipeline_emulator.kinesis.streams.errors import StreamError
from pipeline_emulator.kinesis.streams.identity import StreamName, split_arn
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start
from pipeline_emulator.kinesis.streams.listing import list_shards
from pipeline_emulator.kinesis.streams.shard import Chunk, Shard
from pipeline_emulator.kinesis.streams.stream import Stream
from pipeline_emulator.kinesis.streams.streams import Streams

_READS = frozenset({"GetShardIterator", "GetRecords"})


class StreamReader:
    """The operations that a reader of a stream needs. Thread-safe.

    Each raises the same botocore.exceptions.ClientError as the API, including for missing permissions.
    """

    def __init__(
        self, streams: Streams, name: StreamName, require: Callable[[str], None], consumer_arn: str | None = None
    ) -> None:
        """Read the stream `name`; `require` raises if the reader lacks the permission for an action.

        With the ARN of a registered consumer, records are read by enhanced fan-out: with the permission for
        SubscribeToShard, without a share in the shard's read rate, and only while the consumer is registered.
        """
        self._streams = streams
        self._name = name
        self._require = require
        self._consumer_arn = consumer_arn

    def created(self) -> datetime:
        """Return when the stream was created, as DescribeStreamSummary does."""
        with self._operation("DescribeStreamSummary"):
            return timestamp(self._streams.get(self._name).created_at)

    def shards(self) -> list[Shard]:
        """Return every shard that has not expired, as ListShards does."""
        with self._operation("ListShards"):
            return list_shards(self._streams.get(self._name))

    def iterator(self, shard_id: str, start: Start) -> ShardIterator:
        """Return a position in a shard, as GetShardIterator does; it does not expire."""
        with self._operation("GetShardIterator"):
            return self._stream().iterator(shard_id, start)

    def read(self, iterator: ShardIterator, limit: int) -> Chunk:
        """Return up to `limit` records, as GetRecords does."""
        with self._operation("GetRecords"):
            stream = self._stream()
            return stream.read(iterator, limit, shared=False) if self._consumer_arn else read(stream, iterator, limit)

    def _stream(self) -> Stream:
        """Return the stream.

        Raises:
            StreamError: it or the consumer does not exist.
        """
        stream = self._streams.usable(self._name)
        if self._consumer_arn:
            stream.consumers.get(split_arn(self._consumer_arn)[1] or "", self._consumer_arn)
        return stream

    @contextmanager
    def _operation(self, name: str) -> Iterator[None]:
        if self._consumer_arn and name in _READS:
            name = "SubscribeToShard"
        self._require(f"kinesis:{name}")
        if refusal := hooks.refuse_operation(f"kinesis:{name}", self._name.arn):
            raise _error(name, *refusal)
        try:
            yield
        except StreamError as error:
            raise _error(name, error.code, str(error)) from error


def _error(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
