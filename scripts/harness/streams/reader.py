"""Reads all shards of a stream from a starting position, children after their parents."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.streams.backoff import Backoff, Trouble, no_trouble
from harness.streams.retries import retryable

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import GetRecordsOutputTypeDef, ShardTypeDef

# Keeps the latency of single events low. AWS throttles more than five reads per second and shard; `read` handles that.
READ_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Read:
    """A record read from a stream.

    Attributes:
        data: its bytes.
        key: its partition key.
        shard: its shard.
        sequence: its sequence number.
        arrived: when Kinesis received it, in seconds since the epoch.
        read: when it was read, in seconds since the epoch.
    """

    data: bytes
    key: str
    shard: str
    sequence: str
    arrived: float
    read: float


@dataclass(slots=True)
class _Shard:
    """A shard being read.

    Attributes:
        iterator: where to continue; None if a new one is needed.
        position: where to start if no record of the shard has been read.
        backoff: counts consecutive failures.
        last: sequence number of the last record read.
        not_before: time.monotonic() of the next read.
        at_end: whether the last read reached the end.
    """

    iterator: str | None
    position: str
    backoff: Backoff
    last: str | None = None
    not_before: float = 0.0
    at_end: bool = False


class Reader:
    """Follows all shards of a stream from a starting position.

    Records of a partition key come in the order in which Kinesis received them: each shard is read in order, and the
    children of a split or merge only after all of their parents. After an outage it continues with the next record.

    Args:
        client: Kinesis.
        stream: name of the stream.
        position: ShardIteratorType to start with.
        trouble: as for `Backoff`.

    Attributes:
        cut_off: whether a call got no response at its first try; the pipeline may then also need time to recover.
    """

    def __init__(
        self,
        client: KinesisClient,
        stream: str,
        position: str = "TRIM_HORIZON",
        trouble: Trouble = no_trouble,
    ) -> None:
        self._trouble = trouble
        self.cut_off = False
        self._client = client
        self._stream = stream
        self._started = dt.datetime.now(dt.UTC)
        self._open: dict[str, _Shard] = {}
        self._known: set[str] = set()
        for shard in self._shards():
            # At LATEST the parents' records do not matter, so their children start at once.
            if position != "TRIM_HORIZON" or not self._parents(shard) & self._open.keys():
                self._add(shard["ShardId"], position)

    def _shards(self) -> list[ShardTypeDef]:
        pages = self._client.get_paginator("list_shards").paginate(StreamName=self._stream)
        return [shard for page in self._backoff().call(lambda: list(pages)) for shard in page["Shards"]]

    def _backoff(self) -> Backoff:
        return Backoff(f"reading {self._stream}", "look at make local-status and make local-logs", self._trouble)

    def _parents(self, shard: ShardTypeDef) -> set[str]:
        return {shard.get("ParentShardId", ""), shard.get("AdjacentParentShardId", "")}

    def _add(self, shard: str, position: str) -> None:
        iterator = self._backoff().call(lambda: self._iterator(shard, position, None))
        # Using LATEST again would skip records that arrived in the meantime.
        again = "AT_TIMESTAMP" if position == "LATEST" else position
        self._open[shard] = _Shard(iterator, again, self._backoff())
        self._known.add(shard)

    def _discover(self) -> None:
        """Add the shards whose parents have all been read or have expired."""
        shards = self._shards()
        unread = (shard["ShardId"] for shard in shards)
        pending = self._open.keys() | {shard for shard in unread if shard not in self._known}
        for shard in shards:
            if shard["ShardId"] not in self._known and not self._parents(shard) & pending:
                self._add(shard["ShardId"], "TRIM_HORIZON")

    def _iterator(self, shard: str, position: str, last: str | None) -> str:
        where: dict[str, Any] = {"ShardIteratorType": position}
        if last:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": last}
        elif position == "AT_TIMESTAMP":
            where["Timestamp"] = self._started
        return self._client.get_shard_iterator(StreamName=self._stream, ShardId=shard, **where)["ShardIterator"]

    @property
    def at_end(self) -> bool:
        """Whether the last read reached the end. An empty page alone does not mean that."""
        return all(shard.at_end for shard in self._open.values())

    def read(self) -> list[Read]:
        """Read what has arrived on every shard since the last call; may be empty.

        Raises:
            HarnessError: every try failed for two minutes.
        """
        found: list[Read] = []
        for name, shard in list(self._open.items()):
            page = self._page(name, shard)
            if page is None:
                continue
            now = time.time()
            for record in page["Records"]:
                arrived = record["ApproximateArrivalTimestamp"].timestamp()
                found.append(Read(record["Data"], record["PartitionKey"], name, record["SequenceNumber"], arrived, now))
            if page["Records"]:
                shard.last = page["Records"][-1]["SequenceNumber"]
            if page.get("NextShardIterator"):
                shard.iterator = page["NextShardIterator"]
            else:  # split or merged, and read to the end
                del self._open[name]
                self._discover()
        return found

    def _page(self, name: str, shard: _Shard) -> GetRecordsOutputTypeDef | None:
        if time.monotonic() < shard.not_before:
            return None
        try:
            if shard.iterator is None:
                shard.iterator = self._iterator(name, shard.position, shard.last)
            page = self._client.get_records(ShardIterator=shard.iterator)
        except self._client.exceptions.ExpiredIteratorException:
            shard.iterator = None
            shard.at_end = False
            return None
        except (ClientError, BotoCoreError) as error:
            if not retryable(error):
                raise
            if not isinstance(error, ClientError):  # no response: a restarted server may not know the iterator
                shard.iterator = None
                self.cut_off = True
            shard.at_end = False
            shard.not_before = time.monotonic() + shard.backoff.failed(error)
            return None
        shard.backoff.succeeded()
        self.cut_off |= page.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0  # botocore's own retries
        shard.at_end = page.get("MillisBehindLatest", 0) == 0
        return page

    def until(self, deadline: float) -> Iterator[list[Read]]:
        """Read repeatedly, with a short pause, until the deadline.

        Args:
            deadline: time.monotonic() at which to stop.

        Yields:
            The result of each read, including empty lists.
        """
        while True:
            yield self.read()
            if time.monotonic() > deadline:
                return
            time.sleep(READ_PAUSE)
