"""The failed-events bucket: what could not be predicted, why, and back onto the source stream."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import streams
from harness.clients import Clients
from harness.stack import Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

INVALID = "invalid/"
DISCARDED = "aws/lambda/"  # key layout of a mapping's S3 destination, chosen by AWS


@dataclass(frozen=True)
class Failed:
    """One failed event.

    Attributes:
        key: the object it stands in.
        reason: why it failed.
        event_id: its Kinesis event id.
        partition_key: the key it was put under.
        data: its whole payload.
        failed_at: time of the failure, ISO 8601.
    """

    key: str
    reason: str
    event_id: str
    partition_key: str
    data: bytes
    failed_at: str


def read(client: S3Client, bucket: str, seen: set[str] | None = None) -> Iterator[Failed]:
    """Reads all failed events of both kinds.

    Args:
        client: S3.
        bucket: the failed-events bucket.
        seen: keys to pass over; those read are added, so that the next call reads only what is new.

    Yields:
        Each event; a batch the mapping gave up on gives one for each of its records.
    """
    for kind, parse in ((INVALID, _invalid), (DISCARDED, _discarded)):
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=kind):
            for item in page.get("Contents", []):
                if seen is not None:
                    if item["Key"] in seen:
                        continue
                    seen.add(item["Key"])
                body = client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                yield from parse(item["Key"], json.loads(body))


def _invalid(key: str, document: dict[str, Any]) -> Iterator[Failed]:
    payload = document["payload"]
    data = base64.b64decode(payload) if document["payload_encoding"] == "base64" else payload.encode()
    yield Failed(key, document["reason"], document["event_id"], document["partition_key"], data, document["failed_at"])


def _discarded(key: str, document: dict[str, Any]) -> Iterator[Failed]:
    condition = document["requestContext"]["condition"]
    error = document.get("responseContext", {}).get("functionError")
    reason = f"{condition} ({error})" if error else condition
    for record in json.loads(document["payload"])["Records"]:
        kinesis = record["kinesis"]
        yield Failed(
            key,
            reason,
            record["eventID"],
            kinesis["partitionKey"],
            base64.b64decode(kinesis["data"]),
            document["timestamp"],
        )


def counts(events: list[Failed]) -> list[tuple[str, int]]:
    """How many events failed for which reason, most first."""
    return Counter(event.reason for event in events).most_common()


def redrive(stack: Stack) -> int:
    """Puts all failed events back on the source stream.

    An object is deleted only after its events were acknowledged: interrupted, nothing is lost, and the next run puts
    at most the events of one object twice. What fails again is written to the bucket anew.

    Args:
        stack: a stack that is up.

    Returns:
        The number of events put back.
    """
    clients = Clients(stack)
    kinesis, s3, bucket = clients.kinesis, clients.s3, stack.outputs["failed_events_bucket"]
    by_object: dict[str, list[Failed]] = {}
    for event in read(s3, bucket):
        by_object.setdefault(event.key, []).append(event)
    done = 0
    for key, events in by_object.items():
        records = [(event.data, event.partition_key) for event in events]
        done += sum(1 for _ in streams.put(kinesis, stack.outputs["source_stream_name"], records))
        s3.delete_object(Bucket=bucket, Key=key)
    return done
