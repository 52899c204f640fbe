"""Reads a stream through the Kinesis API, without HTTP: the streams are in this process."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from pipeline_emulator.authorization import role_use
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard
from pipeline_emulator.gateway.in_process import provider
from pipeline_emulator.kinesis.in_process import InProcessKinesis

# Quota of GetRecords: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetRecords.html
RECORDS_PER_READ = 10_000


# An iterator is good for five minutes; a server that has lost its streams calls it invalid.
INVALID_ARGUMENT = "InvalidArgumentException"
ITERATOR_ERRORS = {"ExpiredIteratorException", INVALID_ARGUMENT}


class PositionRefusedError(Exception):
    """The stream has no such position: it was deleted, and another one made under its name."""


class IteratorExpiredError(Exception):
    """The shard iterator cannot be used any more: get a new one at the same place."""


@dataclass(frozen=True)
class Page:
    """One GetRecords answer; `next_iterator` is None at the end of a closed shard."""

    records: Sequence[dict[str, Any]]
    next_iterator: str | None
    milliseconds_behind: int


class KinesisSource:
    """The stream of one mapping. Safe for threads; its client is made at first use."""

    def __init__(self, settings: MappingSettings, role_arn: str) -> None:
        """Read the stream of `settings` with the role `role_arn`."""
        self._settings = settings
        self._role_arn = role_arn
        self._lock = threading.Lock()
        self._cached_client: Any = None

    def created(self) -> datetime:
        """Return when the stream was made."""
        response = self._client().describe_stream_summary(StreamARN=self._settings.stream_arn)
        created: datetime = response["StreamDescriptionSummary"]["StreamCreationTimestamp"]
        return created

    def shards(self) -> list[Shard]:
        """Return every shard that the stream still lists, closed ones included."""
        request: dict[str, Any] = {"StreamARN": self._settings.stream_arn}
        shards: list[Shard] = []
        while True:
            response = self._client().list_shards(**request)
            shards.extend(Shard.from_description(description) for description in response["Shards"])
            if not (token := response.get("NextToken")):
                return shards
            request = {"NextToken": token}

    def iterator(self, shard_id: str, position: Position) -> str:
        """Return a shard iterator for `position`.

        Raises:
            PositionRefusedError: there is no such position.
            botocore.exceptions.ClientError: any other error, throttling included.
        """
        try:
            response = self._client().get_shard_iterator(
                StreamARN=self._settings.stream_arn, ShardId=shard_id, **position.arguments()
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == INVALID_ARGUMENT:
                raise PositionRefusedError(str(error)) from error
            raise
        iterator: str = response["ShardIterator"]
        return iterator

    def read(self, iterator: str, limit: int) -> Page:
        """Return up to `limit` records.

        Raises:
            IteratorExpiredError: the iterator is too old or unknown.
            botocore.exceptions.ClientError: any other error, throttling included.
        """
        try:
            response = self._client().get_records(
                StreamARN=self._settings.stream_arn, ShardIterator=iterator, Limit=min(limit, RECORDS_PER_READ)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ITERATOR_ERRORS:
                raise IteratorExpiredError from error
            raise
        return Page(
            records=response["Records"],
            next_iterator=response.get("NextShardIterator") or None,
            milliseconds_behind=response.get("MillisBehindLatest") or 0,
        )

    def _client(self) -> Any:
        with self._lock:
            if self._cached_client is None:
                self._cached_client = self._in_process()
            return self._cached_client

    def _in_process(self) -> InProcessKinesis:
        settings = self._settings
        return InProcessKinesis(
            provider("kinesis"),
            partial(role_use.require, self._role_arn, settings.function_arn, resource=settings.stream_arn),
        )
