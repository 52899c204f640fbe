"""The two kinds of documents in the failed-events bucket."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

INVALID = "invalid/"
DISCARDED = "aws/lambda/"  # key layout of a mapping's S3 destination, chosen by AWS


@dataclass(frozen=True, slots=True)
class Failed:
    """One failed event.

    Attributes:
        key: the object it stands in.
        reason: why it failed, in words; may quote the payload.
        event_id: its Kinesis event id.
        partition_key: the key it was put under.
        data: its whole payload.
        failed_at: time of the failure, ISO 8601.
        code: the reason without details, to count by.
    """

    key: str
    reason: str
    event_id: str
    partition_key: str
    data: bytes
    failed_at: str
    code: str

    @property
    def kind(self) -> str:
        """Who gave up on it: the handler (`invalid`) or the event source mapping (`discarded`)."""
        return "invalid" if self.key.startswith(INVALID) else "discarded"


def parse(key: str, body: bytes) -> list[Failed]:
    """Reads an object of the bucket.

    Args:
        key: the object's key, which tells its kind.
        body: its content.

    Returns:
        Its event, or one for each record of a batch that the mapping gave up on.

    Raises:
        ValueError: it is no such document, or not a whole one.
    """
    try:
        document = json.loads(body)
        return [_invalid(key, document)] if key.startswith(INVALID) else _discarded(key, document)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _invalid(key: str, document: dict[str, Any]) -> Failed:
    """A document of the handler's, `store_sales.failures.failure_document`."""
    payload = document["payload"]
    return Failed(
        key,
        document["reason"],
        document["event_id"],
        document["partition_key"],
        base64.b64decode(payload, validate=True) if document["payload_encoding"] == "base64" else payload.encode(),
        document["failed_at"],
        document.get("reason_code", document["reason"]),
    )


def _discarded(key: str, document: dict[str, Any]) -> list[Failed]:
    """A document of the mapping's: https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html."""
    condition = document["requestContext"]["condition"]
    error = document.get("responseContext", {}).get("functionError")
    reason = f"{condition} ({error})" if error else condition
    return [
        Failed(
            key,
            reason,
            record["eventID"],
            record["kinesis"]["partitionKey"],
            base64.b64decode(record["kinesis"]["data"], validate=True),
            document["timestamp"],
            reason,
        )
        for record in json.loads(document["payload"])["Records"]
    ]
