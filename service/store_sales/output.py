"""Writes to a Kinesis stream: in chunks within the API's limits, with retries until a deadline."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from store_sales.calls import Clients, longest_delay, retryable
from store_sales.logs import log

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# Limits of PutRecords; partition keys count towards the size:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024


class OutputRecord(msgspec.Struct, frozen=True, gc=False):
    """A record to write; `sequence_number` is the source record's."""

    sequence_number: str
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that count towards the limits."""
        return len(self.data) + len(self.partition_key.encode())


def chunks(records: Iterable[OutputRecord]) -> Iterator[list[OutputRecord]]:
    """Split records, in order, into calls within the limits; an oversized record gets its own call.

    No call contains a partition key twice. Kinesis could refuse the first record and accept the second, which would
    swap their order. https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    """
    chunk: list[OutputRecord] = []
    keys: set[str] = set()
    size = 0
    for record in records:
        key, record_size = record.partition_key, record.size
        full = len(chunk) == MAX_RECORDS or size + record_size > MAX_BYTES
        if chunk and (full or key in keys):
            yield chunk
            chunk, keys, size = [], set(), 0
        chunk.append(record)
        keys.add(key)
        size += record_size
    if chunk:
        yield chunk


class StreamWriter:
    """Writes records to one stream."""

    def __init__(
        self,
        clients: "Clients[KinesisClient]",
        stream: str,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Write with clients that do not retry: only this class knows the function's remaining time."""
        self._clients = clients
        self._stream = stream
        self._sleep = sleep
        self._jitter = jitter

    def write(self, records: Sequence[OutputRecord], seconds_left: Callable[[], float]) -> list[OutputRecord]:
        """Write all records; return those that could not be written.

        Starts no call that might outlast the time left. Repeating a call whose answer was lost can write a record
        twice. Once a record fails, no later record with its partition key is written.

        Args:
            records: in the order of writing.
            seconds_left: returns the time that may still be spent.
        """
        unwritten: list[OutputRecord] = []
        broken: set[str] = set()
        for chunk in chunks(records):
            unwritten += [record for record in chunk if record.partition_key in broken]
            failed = self._write_chunk([one for one in chunk if one.partition_key not in broken], seconds_left)
            unwritten += failed
            broken.update(record.partition_key for record in failed)
        return unwritten

    def _write_chunk(self, chunk: list[OutputRecord], seconds_left: Callable[[], float]) -> list[OutputRecord]:
        if not chunk:
            return []
        attempts, delay, cause = 0, 0.0, "too little time left for a call"
        while client := self._clients.within(seconds_left() - delay):
            if attempts:
                log(logging.WARNING, "retrying records", records=len(chunk), attempt=attempts, cause=cause)
                self._sleep(delay)
            chunk, cause, again = self._put(client, chunk)
            attempts += 1
            if not chunk:
                return []
            if not again:
                break
            # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
            delay = self._jitter(0, longest_delay(attempts))
        log(logging.ERROR, "records not written", records=len(chunk), attempts=attempts, cause=cause)
        return chunk

    def _put(self, client: "KinesisClient", chunk: list[OutputRecord]) -> tuple[list[OutputRecord], str, bool]:
        """Return the failed records, the cause, and whether a retry can help."""
        entries = [{"Data": record.data, "PartitionKey": record.partition_key} for record in chunk]
        try:
            answer = client.put_records(StreamName=self._stream, Records=entries)  # type: ignore[arg-type]
        except (ClientError, BotoCoreError) as error:
            return chunk, str(error), retryable(error)
        codes = [result.get("ErrorCode") for result in answer["Records"]]
        failed = [record for record, code in zip(chunk, codes, strict=True) if code]
        return failed, ", ".join(sorted({code for code in codes if code})), True
