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
        key: of the object that contains it.
        reason: why it failed; may quote the payload.
        event_id: its Kinesis event id.
        partition_key: its partition key.
        data: the whole payload.
        failed_at: time of the failure, ISO 8601.
        code: the reason without details, for counting.
        attempts: invocations after which the mapping gave it up; 0 if unknown.
    """

    key: str
    reason: str
    event_id: str
    partition_key: str
    data: bytes
    failed_at: str
    code: str
    attempts: int = 0

    @property
    def kind(self) -> str:
        """Who gave it up: the handler (`invalid`) or the event source mapping (`discarded`)."""
        return "invalid" if self.key.startswith(INVALID) else "discarded"


def parse(key: str, body: bytes) -> list[Failed]:
    """Parse an object of the bucket.

    Args:
        key: its key, which determines its kind.
        body: its content.

    Returns:
        Its event, or one for each record of a batch that the mapping discarded.

    Raises:
        ValueError: it is not such a document, or incomplete.
    """
    try:
        document = json.loads(body)
        return [_invalid(key, document)] if key.startswith(INVALID) else _discarded(key, document)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _invalid(key: str, document: dict[str, Any]) -> Failed:
    """Parse a document that the handler has written; docs/delivery.md has its form."""
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
    """Parse a document of the mapping.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    condition = document["requestContext"]["condition"]
    attempts = document["requestContext"].get("approximateInvokeCount", 0)
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
            attempts,
        )
        for record in json.loads(document["payload"])["Records"]
    ]
