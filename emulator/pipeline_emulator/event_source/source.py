"""Reads a mapping's stream in this process, with the permissions of the function's role."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Protocol

from botocore.exceptions import ClientError

from pipeline_emulator.authorization import role_use
from pipeline_emulator.event_source.records import SourceRecord
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard
from pipeline_emulator.kinesis.in_process import StreamReader
from pipeline_emulator.kinesis.streams.iterators import ShardIterator
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.services import provider

# Quota of GetRecords: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
RECORDS_PER_READ = 10_000


# GetRecords answers this for an iterator of a stream that was deleted and created again.
INVALID_ARGUMENT = "InvalidArgumentException"
ITERATOR_ERRORS = {"ExpiredIteratorException", INVALID_ARGUMENT}


class PositionRefusedError(Exception):
    """The stream has no such position: it was deleted and created again."""


class IteratorExpiredError(Exception):
    """The shard iterator is no longer valid: get a new one at the same position."""


@dataclass(frozen=True)
class Page[R: SourceRecord]:
    """The result of a read; `next_iterator` is None at the end of a closed shard."""

    records: Sequence[R]
    next_iterator: Any
    milliseconds_behind: int


class Source(Protocol):
    """The stream of one mapping, of Kinesis or of a table. Thread-safe; iterators are the source's own."""

    def created(self) -> datetime:
        """Return when the stream was created."""

    def shards(self) -> list[Shard]:
        """Return all shards that have not expired, including closed ones."""

    def iterator(self, shard_id: str, position: Position) -> Any:
        """Return a shard iterator for `position`."""

    def read(self, iterator: Any, limit: int) -> Page[SourceRecord]:
        """Return up to `limit` records."""


class KinesisSource:
    """The Kinesis stream of one mapping. Thread-safe."""

    def __init__(self, settings: MappingSettings, role_arn: str) -> None:
        """Read the stream of `settings` with the role `role_arn`."""
        self._stream = settings.stream
        self._consumer_arn = settings.event_source_arn if settings.consumer else None
        self._use_role = partial(role_use.require, role_arn, settings.function_arn)

    def created(self) -> datetime:
        """Return when the stream was created."""
        return self._reader.created()

    def shards(self) -> list[Shard]:
        """Return all shards that have not expired, including closed ones."""
        return [Shard(one.shard_id, one.parents, closed=not one.is_open) for one in self._reader.shards()]

    def iterator(self, shard_id: str, position: Position) -> ShardIterator:
        """Return a shard iterator for `position`.

        Raises:
            PositionRefusedError: there is no such position.
            botocore.exceptions.ClientError: any other error, throttling included.
        """
        try:
            return self._reader.iterator(shard_id, position.start)
        except ClientError as error:
            if error.response["Error"]["Code"] == INVALID_ARGUMENT:
                raise PositionRefusedError(str(error)) from error
            raise

    def read(self, iterator: ShardIterator, limit: int) -> Page[Record]:
        """Return up to `limit` records.

        Raises:
            IteratorExpiredError: the iterator is no longer valid.
            botocore.exceptions.ClientError: any other error, throttling included.
        """
        try:
            chunk = self._reader.read(iterator, min(limit, RECORDS_PER_READ))
        except ClientError as error:
            if error.response["Error"]["Code"] in ITERATOR_ERRORS:
                raise IteratorExpiredError from error
            raise
        following = None if chunk.position is None else replace(iterator, position=chunk.position)
        return Page(chunk.records, following, chunk.milliseconds_behind)

    @cached_property
    def _reader(self) -> StreamReader:
        """The stream's reader, created at first use, when the provider can be loaded."""
        return StreamReader(provider("kinesis").streams, self._stream, self._require, self._consumer_arn)

    def _require(self, action: str) -> None:
        """Check a permission of the role: on the consumer for its subscriptions, on the stream for the rest."""
        subscribes = action == "kinesis:SubscribeToShard"
        self._use_role(action=action, resource=(subscribes and self._consumer_arn) or self._stream.arn)
