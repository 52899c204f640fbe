"""Puts records on a stream and reads a stream to its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from harness.errors import HarnessError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# Limits of PutRecords, https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
PUT_DEADLINE = 60.0
# Five reads a second and shard are allowed on AWS; a reader beside the pipeline keeps well below locally, too.
READ_PAUSE = 0.02


@dataclass(frozen=True)
class Put:
    """A record that Kinesis acknowledged.

    Attributes:
        data: its bytes.
        key: its partition key.
        event_id: shard and sequence number, as the function sees them.
        at: time of the acknowledgement, seconds since the epoch.
    """

    data: bytes
    key: str
    event_id: str
    at: float


def put(
    client: KinesisClient, stream: str, records: Iterable[tuple[bytes, str]], rate: float | None = None
) -> Iterator[Put]:
    """Puts records on a stream, again where Kinesis refused them, until all are acknowledged.

    Args:
        client: Kinesis.
        stream: name of the stream.
        records: data and partition key of each.
        rate: records per second at most; as fast as the stream takes them when None.

    Yields:
        Each record with its acknowledgement, in the order put.

    Raises:
        HarnessError: a record was refused for longer than a minute, or cannot be put at all.
    """
    started, count = time.monotonic(), 0
    size = MAX_RECORDS if rate is None else max(1, min(MAX_RECORDS, int(rate / 10)))
    for batch in batched(records, size, strict=False):
        for part in _within_limits(batch):
            yield from _put_part(client, stream, part)
        count += len(batch)
        if rate is not None:
            time.sleep(max(0.0, started + count / rate - time.monotonic()))


def _within_limits(batch: tuple[tuple[bytes, str], ...]) -> Iterator[list[tuple[bytes, str]]]:
    part: list[tuple[bytes, str]] = []
    size = 0
    for data, key in batch:
        length = len(data) + len(key.encode())
        if part and size + length > MAX_BYTES:
            yield part
            part, size = [], 0
        part.append((data, key))
        size += length
    if part:
        yield part


def _put_part(client: KinesisClient, stream: str, part: list[tuple[bytes, str]]) -> list[Put]:
    done: dict[int, Put] = {}
    deadline = time.monotonic() + PUT_DEADLINE
    pause = 0.05
    while True:
        todo = [i for i in range(len(part)) if i not in done]
        try:
            answers = client.put_records(
                StreamName=stream, Records=[{"Data": part[i][0], "PartitionKey": part[i][1]} for i in todo]
            )["Records"]
        except ClientError as error:
            reason = error.response.get("Error", {}).get("Message", str(error))
            raise HarnessError(
                f"Kinesis refused the records: {reason}", "check the records (1 MiB each at most)"
            ) from None
        now = time.time()
        for i, answer in zip(todo, answers, strict=True):
            if "SequenceNumber" in answer:
                done[i] = Put(*part[i], f"{answer['ShardId']}:{answer['SequenceNumber']}", now)
        if len(done) == len(part):
            return [done[i] for i in range(len(part))]
        if time.monotonic() > deadline:
            raise HarnessError(
                f"Kinesis refused {len(part) - len(done)} records for {PUT_DEADLINE:.0f} s", "send at a lower RATE"
            )
        time.sleep(pause)
        pause = min(pause * 2, 2.0)


@dataclass(frozen=True)
class Read:
    """A record read from a stream.

    Attributes:
        data: its bytes.
        key: its partition key.
        shard: its shard.
        sequence: its sequence number.
        arrived: when Kinesis took it, seconds since the epoch.
        read: when it was read here, seconds since the epoch.
    """

    data: bytes
    key: str
    shard: str
    sequence: str
    arrived: float
    read: float


class Reader:
    """Follows all shards of a stream from a starting position."""

    def __init__(self, client: KinesisClient, stream: str, position: str = "TRIM_HORIZON") -> None:
        self._client = client
        self._stream = stream
        self._position = position
        self._iterators: dict[str, str | None] = {}
        self._last: dict[str, str] = {}
        self._discover(position)

    def _discover(self, position: str) -> None:
        for page in self._client.get_paginator("list_shards").paginate(StreamName=self._stream):
            for shard in page["Shards"]:
                if shard["ShardId"] not in self._iterators:
                    self._iterators[shard["ShardId"]] = self._iterator(shard["ShardId"], position)

    def _iterator(self, shard: str, position: str) -> str:
        last = self._last.get(shard)
        where: dict[str, Any] = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
            if last
            else {"ShardIteratorType": position}
        )
        return self._client.get_shard_iterator(StreamName=self._stream, ShardId=shard, **where)["ShardIterator"]

    def read(self) -> list[Read]:
        """Reads what has arrived on every shard since the last call; an empty list when nothing has."""
        found: list[Read] = []
        for shard, iterator in list(self._iterators.items()):
            if iterator is None:
                continue
            try:
                page = self._client.get_records(ShardIterator=iterator)
            except self._client.exceptions.ExpiredIteratorException:
                self._iterators[shard] = self._iterator(shard, self._position)
                continue
            except self._client.exceptions.ProvisionedThroughputExceededException:
                continue  # the next call reads on
            self._iterators[shard] = page.get("NextShardIterator")
            now = time.time()
            for record in page["Records"]:
                self._last[shard] = record["SequenceNumber"]
                arrived = record["ApproximateArrivalTimestamp"].timestamp()
                found.append(
                    Read(record["Data"], record["PartitionKey"], shard, record["SequenceNumber"], arrived, now)
                )
            if self._iterators[shard] is None:
                self._discover("TRIM_HORIZON")  # the shard was split or merged: go on with its children
        return found

    def until(self, deadline: float) -> Iterator[list[Read]]:
        """Reads again and again, with a short pause, until the deadline.

        Args:
            deadline: time.monotonic() at which to stop.

        Yields:
            What each reading found, empty lists too.
        """
        while True:
            yield self.read()
            if time.monotonic() > deadline:
                return
            time.sleep(READ_PAUSE)
