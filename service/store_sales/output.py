"""Writes to a Kinesis stream: chunks within the API's limits, retries of what failed, within a deadline."""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from store_sales.logs import log

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# Limits of PutRecords, where partition keys count:
# https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
MAX_RECORDS = 500
MAX_BYTES = 5 * 1024 * 1024
FIRST_DELAY, MAX_DELAY = 0.05, 5.0
RETRYABLE = {
    "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException",
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalFailure", "ServiceUnavailable",
}  # fmt: skip


@dataclass(frozen=True)
class OutputRecord:
    """A record to write; `sequence_number` is that of the source record it answers."""

    sequence_number: str
    partition_key: str
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that count towards the limits."""
        return len(self.data) + len(self.partition_key.encode())


def chunks(records: Iterable[OutputRecord]) -> Iterator[list[OutputRecord]]:
    """Split records, in order, into calls within the limits; a record above them gets a call of its own."""
    chunk: list[OutputRecord] = []
    size = 0
    for record in records:
        if chunk and (len(chunk) == MAX_RECORDS or size + record.size > MAX_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(record)
        size += record.size
    if chunk:
        yield chunk


class StreamWriter:
    """Writes records to one stream."""

    def __init__(
        self,
        client: "KinesisClient",
        stream: str,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """Write with a client that does not retry by itself: only here the function's remaining time is known."""
        self._client = client
        self._stream = stream
        self._sleep = sleep
        self._jitter = jitter

    def write(self, records: Sequence[OutputRecord], seconds_left: Callable[[], float]) -> list[OutputRecord]:
        """Write all records and return those that could not be written.

        Every chunk is tried at least once. A call repeated because its answer was lost can write a record twice.

        Args:
            records: in the order in which they shall be written.
            seconds_left: the time that may still be spent on retries.
        """
        return [failed for chunk in chunks(records) for failed in self._write_chunk(chunk, seconds_left)]

    def _write_chunk(self, chunk: list[OutputRecord], seconds_left: Callable[[], float]) -> list[OutputRecord]:
        attempt = 0
        while True:
            chunk, cause, retryable = self._put(chunk)
            if not chunk:
                return []
            # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
            delay = self._jitter(0, min(MAX_DELAY, FIRST_DELAY * 2**attempt))
            if not retryable or delay >= seconds_left():
                log(logging.ERROR, "records not written", records=len(chunk), attempts=attempt + 1, cause=cause)
                return chunk
            log(logging.WARNING, "retrying records", records=len(chunk), attempt=attempt + 1, cause=cause)
            self._sleep(delay)
            attempt = min(attempt + 1, 30)

    def _put(self, chunk: list[OutputRecord]) -> tuple[list[OutputRecord], str, bool]:
        """Return what failed, why, and whether trying again can help."""
        entries = [{"Data": record.data, "PartitionKey": record.partition_key} for record in chunk]
        try:
            answer = self._client.put_records(StreamName=self._stream, Records=entries)  # type: ignore[arg-type]
        except ClientError as error:
            return chunk, str(error), _retryable(error)
        except BotoCoreError as error:  # no answer: connection refused, timed out, broken off
            return chunk, str(error), isinstance(error, NoConnectionError | HTTPClientError)
        pairs = list(zip(chunk, answer["Records"], strict=True))
        causes = sorted({result["ErrorCode"] for _, result in pairs if result.get("ErrorCode")})
        return [record for record, result in pairs if result.get("ErrorCode")], ", ".join(causes), True


def _retryable(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response.get("Error", {}).get("Code") in RETRYABLE or status >= 500
