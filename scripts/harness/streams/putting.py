"""Puts records on a stream until each is acknowledged."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from harness.errors import HarnessError
from harness.streams.backoff import Backoff, Trouble, no_trouble

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# Limits of PutRecords, https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
# What a slow call has cost is made up for; what an outage has cost is not: it would be far above the rate.
LONGEST_LAG = 1.0


@dataclass(frozen=True, slots=True)
class Put:
    """A record that Kinesis acknowledged.

    Attributes:
        data: its bytes.
        key: its partition key.
        event_id: shard and sequence number, as the function sees them.
        at: when the call that was acknowledged was sent, seconds since the epoch.
        repeated: a call with it had failed before, perhaps after Kinesis had stored it: then it is in the stream twice.
    """

    data: bytes
    key: str
    event_id: str
    at: float
    repeated: bool = False

    @property
    def sequence(self) -> int:
        """Its sequence number: those of one partition key tell the order in which Kinesis took them."""
        return int(self.event_id.partition(":")[2])


def put(
    client: KinesisClient,
    stream: str,
    records: Iterable[tuple[bytes, str]],
    rate: float | None = None,
    trouble: Trouble = no_trouble,
) -> Iterator[Put]:
    """Puts records on a stream, again where Kinesis refused them, until all are acknowledged.

    A call whose answer is lost is repeated, too: its records may then be in the stream twice, under two event ids.

    Args:
        client: Kinesis.
        stream: name of the stream.
        records: data and partition key of each.
        rate: records per second at most; as fast as the stream takes them when None.
        trouble: as for `Backoff`.

    Yields:
        Each record with its acknowledgement, in the order put.

    Raises:
        HarnessError: no record was taken for two minutes, or one cannot be put at all.
    """
    started, count = time.monotonic(), 0
    size = MAX_RECORDS if rate is None else max(1, min(MAX_RECORDS, int(rate / 10)))
    for batch in batched(records, size, strict=False):
        for part in _within_limits(batch):
            yield from _put_part(client, stream, part, trouble)
        count += len(batch)
        if rate is not None:
            pause = started + count / rate - time.monotonic()
            started += max(0.0, -pause - LONGEST_LAG)
            time.sleep(min(max(0.0, pause), threading.TIMEOUT_MAX))


def _within_limits(batch: Sequence[tuple[bytes, str]]) -> Iterator[list[tuple[bytes, str]]]:
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


def _put_part(client: KinesisClient, stream: str, part: list[tuple[bytes, str]], trouble: Trouble) -> list[Put]:
    done: dict[int, Put] = {}
    # A call may succeed and no record with it: that is no progress.
    calls, refusals = (
        Backoff(f"putting records on {stream}", "send at a lower RATE; look at make local-status", trouble)
        for _ in range(2)
    )
    sendings = 0
    while True:
        todo = [i for i in range(len(part)) if i not in done]
        entries: list[Any] = [{"Data": part[i][0], "PartitionKey": part[i][1]} for i in todo]

        def send(entries: list[Any] = entries) -> tuple[float, Any]:
            nonlocal sendings
            sendings += 1
            return time.time(), client.put_records(StreamName=stream, Records=entries)

        try:
            sent, response = calls.call(send)
        except ClientError as error:
            reason = error.response.get("Error", {}).get("Message", str(error))
            raise HarnessError(
                f"Kinesis refused the records: {reason}", "check the records (1 MiB each at most)"
            ) from None
        answers = response["Records"]
        # botocore repeats calls by itself, too.
        repeated = sendings > 1 or response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        for i, answer in zip(todo, answers, strict=True):
            if "SequenceNumber" in answer:
                done[i] = Put(*part[i], f"{answer['ShardId']}:{answer['SequenceNumber']}", sent, repeated)
        if len(done) == len(part):
            return [done[i] for i in range(len(part))]
        refused = [answer for answer in answers if "SequenceNumber" not in answer]
        if len(refused) < len(todo):
            refusals.succeeded()
        time.sleep(refusals.failed(f"{refused[0].get('ErrorCode')}: {refused[0].get('ErrorMessage')}"))
