"""Reads the stream of a table, in this process, with the permissions of the function's role, and makes its events."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from moto.dynamodb.models.table import StreamShard

from pipeline_emulator.arn import Arn
from pipeline_emulator.authorization import role_use
from pipeline_emulator.dynamodb import changes
from pipeline_emulator.dynamodb.images import text
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.event_source.shards import Position, Shard
from pipeline_emulator.event_source.source import Page

# Of GetRecords: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
RECORDS_PER_READ = 1_000


@dataclass(frozen=True)
class TableRecord:
    """A record of a table's stream: its content as `changes` completes it."""

    content: dict[str, Any]

    @property
    def number(self) -> int:
        """The sequence number."""
        return int(self.content["dynamodb"]["SequenceNumber"])

    @property
    def partition_key(self) -> str:
        """The item's whole key: records of an item stay in order.

        https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
        """
        return text(self.content["dynamodb"]["Keys"])

    @property
    def arrival(self) -> float:
        """When the item was changed; the event has it in whole seconds."""
        changed: datetime = self.content["dynamodb"]["ApproximateCreationDateTime"]
        return changed.timestamp()


@dataclass(frozen=True)
class TableEvents:
    """Makes the events of a table's stream."""

    stream: Arn

    def event(self, _shard_id: str, record: TableRecord) -> dict[str, Any]:
        """Return the event of a record: https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html ("Example event").

        Its time is rounded down to the second, and a number with a fraction, as LocalStack's authors recorded on AWS.
        """
        change = record.content["dynamodb"] | {"ApproximateCreationDateTime": float(int(record.arrival))}
        return {
            "eventID": record.content["eventID"],
            "eventName": record.content["eventName"],
            "eventVersion": changes.VERSION,
            "eventSource": "aws:dynamodb",
            "awsRegion": self.stream.region,
            "dynamodb": json.loads(text(change)),
            "eventSourceARN": str(self.stream),
        }


class TableSource:
    """The stream of a table, which moto serves. Thread-safe. An iterator is the next sequence number."""

    def __init__(self, settings: MappingSettings, role_arn: str) -> None:
        """Read the stream of `settings` with the role `role_arn`."""
        self._stream = settings.source
        self._require: Callable[..., None] = partial(
            role_use.require, role_arn, settings.function_arn, resource=settings.event_source_arn
        )

    def created(self) -> datetime:
        """Return when the stream was created."""
        created: datetime = self._described().created_on
        return created.replace(tzinfo=UTC)

    def shards(self) -> list[Shard]:
        """Return the only shard, which is closed while the stream is disabled."""
        shard = self._described()
        return [Shard(shard.id, closed=not changes.is_open(shard))]

    def iterator(self, _shard_id: str, position: Position) -> int:
        """Return the first sequence number at `position`; for a time the stream's first, since readers check times."""
        self._require(action="dynamodb:GetShardIterator")
        with changes.WRITES:
            shard = self._shard("GetShardIterator")
            start: int = shard.starting_sequence_number
            match position.type:
                case "LATEST":
                    return start + len(shard.items)
                case "AT_SEQUENCE_NUMBER":
                    return position.sequence_number or start
                case "AFTER_SEQUENCE_NUMBER":
                    return (position.sequence_number or start) + 1
            return start

    def read(self, iterator: int, limit: int) -> Page[TableRecord]:
        """Return up to `limit` records.

        Raises:
            botocore.exceptions.ClientError: the stream is gone, or the role may not read it.
        """
        self._require(action="dynamodb:GetRecords")
        with changes.WRITES:
            shard = self._shard("GetRecords")
            first = iterator - shard.starting_sequence_number
            found = shard.items[first : first + min(limit, RECORDS_PER_READ)]
            waiting = len(shard.items) - first - len(found)
            ended = not found and not changes.is_open(shard)
        records = [TableRecord(one.to_json()) for one in found]
        return Page(records, None if ended else iterator + len(records), milliseconds_behind=int(waiting > 0))

    def _described(self) -> StreamShard:
        self._require(action="dynamodb:DescribeStream")
        return self._shard("DescribeStream")

    def _shard(self, operation: str) -> StreamShard:
        shard = changes.find_shard(self._stream)
        if shard is None:
            error = {"Code": "ResourceNotFoundException", "Message": f"Requested resource not found: {self._stream}"}
            raise ClientError({"Error": error}, operation)
        return shard
