"""Stores events that can never be predicted in the failed-events bucket, with their whole payload."""

import base64
import datetime as dt
import json
import logging
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from store_sales.calls import Clients, longest_delay, retryable
from store_sales.events import Invalid, Record
from store_sales.logs import log

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "invalid"
PARALLEL_WRITES = 10
"""Sequential writes of a whole batch of invalid events would take seconds. botocore's connection pool also holds 10."""
ATTEMPTS = 3
"""Per event; after this many failures Lambda delivers the event again."""


def failure_key(record: Record) -> str:
    """Return the object's key, derived from the record alone, so that a retry overwrites the same object."""
    return f"{PREFIX}/{record.arrived_at:%Y/%m/%d}/{record.event_id.replace(':', '_')}.json"


def failure_document(record: Record, invalid: Invalid, now: dt.datetime) -> bytes:
    """Return the object's content: JSON with reason and payload, base64 where the payload is not UTF-8."""
    try:
        payload, encoding = record.payload.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        payload, encoding = base64.b64encode(record.payload).decode("ascii"), "base64"
    document = {
        "event_id": record.event_id,
        "reason": invalid.reason,
        "reason_code": invalid.code,
        "payload": payload,
        "payload_encoding": encoding,
        "failed_at": now.isoformat(timespec="milliseconds"),
        "arrived_at": record.arrived_at.isoformat(timespec="milliseconds"),
        "partition_key": record.kinesis.partition_key,
        "sequence_number": record.sequence_number,
        "stream_arn": record.stream_arn,
    }
    return json.dumps(document).encode()


class FailureStore:
    """Writes invalid events to one bucket."""

    def __init__(self, clients: "Clients[S3Client]", bucket: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Write with clients that do not retry: only this class knows the function's remaining time."""
        self._clients = clients
        self._bucket = bucket
        self._sleep = sleep

    def write(self, failures: Sequence[tuple[Record, Invalid]], seconds_left: Callable[[], float]) -> list[Record]:
        """Write all failures; return the records that could not be written, for Lambda to deliver again.

        Starts no call that might outlast the time left.
        """
        if not failures:
            return []
        with ThreadPoolExecutor(min(PARALLEL_WRITES, len(failures))) as pool:
            written = list(pool.map(lambda failure: self._write_one(failure[0], failure[1], seconds_left), failures))
        return [record for (record, _), done in zip(failures, written, strict=True) if not done]

    def _write_one(self, record: Record, invalid: Invalid, seconds_left: Callable[[], float]) -> bool:
        key = failure_key(record)
        attempts, delay, cause = 0, 0.0, "too little time left for a call"
        while attempts < ATTEMPTS and (client := self._clients.within(seconds_left() - delay)):
            self._sleep(delay)
            try:
                self._put(client, key, record, invalid)
            except (ClientError, BotoCoreError) as error:
                cause = str(error)
                if not retryable(error):
                    break
            else:
                log(logging.DEBUG, "invalid event", event_id=record.event_id, reason=invalid.reason, key=key)
                return True
            attempts += 1
            delay = random.uniform(0, longest_delay(attempts))  # noqa: S311 - jitter, no secret
        location = f"s3://{self._bucket}/{key}"
        log(logging.ERROR, "invalid event not written", event_id=record.event_id, location=location, cause=cause)
        return False

    def _put(self, client: "S3Client", key: str, record: Record, invalid: Invalid) -> None:
        body = failure_document(record, invalid, dt.datetime.now(dt.UTC))
        client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
