"""Puts records on a stream and reads a stream to its end."""

from __future__ import annotations

import datetime as dt
import queue
import threading
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
# For the latency of single events. AWS throttles more than five reads a second and shard; `read` goes on after that.
READ_PAUSE = 0.02
# For many events: reading costs the Kinesis server time that the pipeline needs.
FOLLOW_PAUSE = 0.1


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
            pause = started + count / rate - time.monotonic()
            time.sleep(min(max(0.0, pause), threading.TIMEOUT_MAX))


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
        self._started = dt.datetime.now(dt.UTC)
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
        where: dict[str, Any] = {"ShardIteratorType": position}
        if last:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
        elif position == "AT_TIMESTAMP":
            where["Timestamp"] = self._started
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
                # LATEST would skip what came meanwhile.
                self._iterators[shard] = self._iterator(shard, "AT_TIMESTAMP")
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


class Follower:
    """Reads a stream in a thread of its own, so that nothing else delays the readings; use it as a context."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._found: queue.SimpleQueue[Read] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        try:
            while not self._stop.wait(FOLLOW_PAUSE):
                for read in self._reader.read():
                    self._found.put(read)
        except Exception as error:  # told by the thread that takes the records
            self._error = error

    def take(self) -> list[Read]:
        """What was read since the last call.

        Raises:
            Exception: what ended the reading.
        """
        if self._error is not None:
            raise self._error
        return [self._found.get() for _ in range(self._found.qsize())]
