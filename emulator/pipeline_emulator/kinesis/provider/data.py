"""Puts and reads of records."""

import time
from collections.abc import Sequence
from typing import Any

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis import hooks
from pipeline_emulator.kinesis.provider.base import (
    Operations,
    Request,
    Response,
    epoch,
    sequence_number,
    stream_name,
    timestamp,
)
from pipeline_emulator.kinesis.provider.descriptions import child_shards
from pipeline_emulator.kinesis.provider.placing import place
from pipeline_emulator.kinesis.provider.validation import failure
from pipeline_emulator.kinesis.streams.errors import InvalidArgumentError, ThroughputExceededError, ValidationError
from pipeline_emulator.kinesis.streams.hashing import entry
from pipeline_emulator.kinesis.streams.iterators import ShardIterator, Start
from pipeline_emulator.kinesis.streams.records import Record
from pipeline_emulator.kinesis.streams.sequence import Clock, owner, seconds
from pipeline_emulator.kinesis.streams.shard import Chunk, Entry
from pipeline_emulator.kinesis.streams.stream import Placed, Stream
from pipeline_emulator.persistence import StorageError

# https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
LARGEST_REQUEST_BYTES = 10 * 2**20
MAX_RECORDS_PER_READ = 10_000
# https://docs.aws.amazon.com/kinesis/latest/APIReference/CommonErrors.html; also the code of a record that failed:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsResultEntry.html
INTERNAL_FAILURE = "InternalFailure"


class DataOperations(Operations):
    """PutRecord, PutRecords, GetShardIterator and GetRecords."""

    @handler("PutRecord", expand=False)
    def put_record(self, context: RequestContext, request: Request) -> Response:
        """Put one record."""
        stream = self.streams.usable(stream_name(context, request))
        one = _entry(request)
        _require_size(stream, one.size, "data")
        self._require_order(stream, request.get("SequenceNumberForOrdering"))
        [placed] = self._put(stream, "PutRecord", [one], [one.size])
        if placed.number is None:
            raise ThroughputExceededError(_rate_exceeded(stream, placed.shard_id))
        return {"ShardId": placed.shard_id, "SequenceNumber": str(placed.number), **_encryption(stream)}

    @handler("PutRecords", expand=False)
    def put_records(self, context: RequestContext, request: Request) -> Response:
        """Put up to 500 records; each succeeds or fails on its own."""
        stream = self.streams.usable(stream_name(context, request))
        entries = [_entry(record) for record in request["Records"]]
        sizes = [one.size for one in entries]
        _require_sizes(stream, sizes)
        if sum(sizes) > LARGEST_REQUEST_BYTES:
            raise InvalidArgumentError("Records size exceeds 10 MB limit")
        try:
            placed = self._put(stream, "PutRecords", entries, sizes)
        except StorageError as error:
            result = {"ErrorCode": INTERNAL_FAILURE, "ErrorMessage": str(error)}
            return {"FailedRecordCount": len(entries), "Records": [result] * len(entries), **_encryption(stream)}
        failed = sum(one.number is None for one in placed)
        results = [_result(stream, one) for one in placed]
        return {"FailedRecordCount": failed, "Records": results, **_encryption(stream)}

    @handler("GetShardIterator", expand=False)
    def get_shard_iterator(self, context: RequestContext, request: Request) -> Response:
        """Return an iterator that is valid for five minutes."""
        stream = self.streams.usable(stream_name(context, request))
        number = sequence_number(request.get("StartingSequenceNumber"))
        start = Start(request["ShardIteratorType"], number, epoch(request.get("Timestamp")))
        iterator = stream.iterator(request["ShardId"], start)
        return {"ShardIterator": iterator.seal(self.streams.clock())}

    @handler("GetRecords", expand=False)
    def get_records(self, context: RequestContext, request: Request) -> Response:
        """Return records and the iterator for the next ones."""
        stream, iterator = self.streams.open_iterator(request["ShardIterator"])
        if request.get("StreamARN") and stream_name(context, request) != stream.name:
            raise InvalidArgumentError("The StreamARN and the ShardIterator do not belong to one stream.")
        chunk = read(stream, iterator, request.get("Limit") or MAX_RECORDS_PER_READ)
        return {
            "Records": records(stream, chunk.records),
            "MillisBehindLatest": chunk.milliseconds_behind,
            **self._continuation(stream, iterator, chunk),
        }

    def _continuation(self, stream: Stream, iterator: ShardIterator, chunk: Chunk) -> Response:
        if chunk.position is None:
            return {"ChildShards": child_shards(stream, iterator.shard_id)}
        following = ShardIterator(stream.name, stream.created, iterator.shard_id, chunk.position)
        return {"NextShardIterator": following.seal(self.streams.clock())}

    def _put(
        self,
        stream: Stream,
        operation: hooks.Put,
        entries: list[Entry],
        sizes: Sequence[int],
    ) -> list[Placed]:
        began = time.time()
        placed = place(self.streams, stream, entries)
        self.notify(stream, {one.shard_id for one in placed})
        hooks.records_put(stream, operation, began, time.time(), sizes, placed)
        return placed

    def _require_order(self, stream: Stream, number: str | None) -> None:
        """Reject numbers that no record can have, as AWS does. Numbers grow within a shard in any case."""
        if number is not None and (owner(int(number)) is None or seconds(int(number)) > self.streams.clock()):
            raise InvalidArgumentError(
                f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream {stream.name} is invalid."
            )


def read(stream: Stream, iterator: ShardIterator, limit: int, clock: Clock = time.time) -> Chunk:
    """Read with `Stream.read` and notify observers.

    Raises:
        StreamError: from `Stream.read`.
    """
    began = clock()
    try:
        chunk = stream.read(iterator, limit)
    except ThroughputExceededError:
        hooks.read_throttled(stream, iterator.shard_id, began)
        raise
    hooks.records_read(stream, iterator.shard_id, began, clock(), chunk)
    return chunk


def records(stream: Stream, found: Sequence[Record]) -> list[dict[str, Any]]:
    """Return records in the API's format."""
    encryption = _encryption(stream)
    return [
        {
            "SequenceNumber": str(record.number),
            "ApproximateArrivalTimestamp": timestamp(record.arrival),
            "Data": record.data,
            "PartitionKey": record.partition_key,
            **encryption,
        }
        for record in found
    ]


def _entry(record: Request) -> Entry:
    return entry(record["Data"], record["PartitionKey"], record.get("ExplicitHashKey"))


def _require_size(stream: Stream, size: int, path: str) -> None:
    limit = stream.largest_record_kib * 1024
    if size > limit:
        text = failure("", path, f"Member must have length less than or equal to {limit}")
        raise ValidationError(f"1 validation error detected: {text}")


def _require_sizes(stream: Stream, sizes: Sequence[int]) -> None:
    if max(sizes, default=0) > stream.largest_record_kib * 1024:
        for index, size in enumerate(sizes, 1):
            _require_size(stream, size, f"records.{index}.member.data")


def _result(stream: Stream, placed: Placed) -> Response:
    if placed.number is None:
        message = _rate_exceeded(stream, placed.shard_id)
        return {"ErrorCode": ThroughputExceededError.code, "ErrorMessage": message}
    return {"ShardId": placed.shard_id, "SequenceNumber": str(placed.number)}


def _rate_exceeded(stream: Stream, shard_id: str) -> str:
    return f"Rate exceeded for shard {shard_id} in stream {stream.name}."


def _encryption(stream: Stream) -> Response:
    return {"EncryptionType": "KMS"} if stream.key_id else {}
