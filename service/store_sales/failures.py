"""Keeps events that can never be predicted in the failed-events bucket, with their whole payload."""

import base64
import datetime as dt
import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from store_sales.events import Invalid, Record
from store_sales.logs import log

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "invalid"
PARALLEL_WRITES = 10
"""One by one, a batch of invalid events would take seconds. botocore's connection pool holds 10 as well."""


def failure_key(record: Record) -> str:
    """Return the object's key; it follows from the record alone, so that a retry overwrites the same object."""
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
        "partition_key": record.partition_key,
        "sequence_number": record.sequence_number,
        "stream_arn": record.stream_arn,
    }
    return json.dumps(document).encode()


class FailureStore:
    """Writes invalid events to one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        """Write with a client that retries by itself."""
        self._client = client
        self._bucket = bucket

    def write(self, failures: Sequence[tuple[Record, Invalid]], seconds_left: Callable[[], float]) -> list[Record]:
        """Write all failures and return the records that could not be written, for Lambda to deliver again."""
        if not failures:
            return []

        def put(failure: tuple[Record, Invalid]) -> bool:
            return seconds_left() > 0 and self._put(*failure)

        with ThreadPoolExecutor(min(PARALLEL_WRITES, len(failures))) as pool:
            written = list(pool.map(put, failures))
        return [record for (record, _), done in zip(failures, written, strict=True) if not done]

    def _put(self, record: Record, invalid: Invalid) -> bool:
        key = failure_key(record)
        body = failure_document(record, invalid, dt.datetime.now(dt.UTC))
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        except (ClientError, BotoCoreError) as error:
            location = f"s3://{self._bucket}/{key}"
            log(
                logging.ERROR,
                "invalid event not written",
                event_id=record.event_id,
                location=location,
                cause=str(error),
            )
            return False
        log(logging.DEBUG, "invalid event", event_id=record.event_id, reason=invalid.reason, key=key)
        return True
