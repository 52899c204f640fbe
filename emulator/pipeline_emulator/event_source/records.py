"""Converts records of a shard to the events that a function receives."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pipeline_emulator.event_source.windows import WindowView
from pipeline_emulator.kinesis.streams.records import Record

_ENVELOPE = '{"Records": [', "]}"
_SEPARATOR = ", "


@dataclass(frozen=True)
class StreamRecord:
    """One record: sequence number, key, arrival (seconds since the epoch) and its event as JSON.

    The event is stored serialized, so a payload's size is exact and retries need no second encoding.
    """

    sequence_number: int
    partition_key: str
    arrival: float
    event: str

    @property
    def size(self) -> int:
        """Bytes of the record in a payload, including its separator (the event is pure ASCII)."""
        return len(self.event) + len(_SEPARATOR)


class SourceRecord(Protocol):
    """A record as a source has it. `arrival` is in seconds since the epoch."""

    @property
    def number(self) -> int:
        """The sequence number."""

    @property
    def partition_key(self) -> str:
        """The key whose records stay in order."""

    @property
    def arrival(self) -> float:
        """When the record came into the stream."""


class Events(Protocol):
    """Makes events of a source's records."""

    def event(self, shard_id: str, record: Any) -> dict[str, Any]:
        """Return the event that a function receives for a record."""


@dataclass(frozen=True)
class EventSource:
    """The fields that are the same in all events of a mapping of a Kinesis stream."""

    event_source_arn: str
    region: str
    invoke_identity_arn: str

    def event(self, shard_id: str, record: Record) -> dict[str, Any]:
        """Return the event of `record` with AWS's structure and key order.

        Shape: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html ("Example event").
        """
        number = str(record.number)
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key,
                "sequenceNumber": number,
                "data": base64.b64encode(record.data).decode("ascii"),
                "approximateArrivalTimestamp": record.arrival,
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{number}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.invoke_identity_arn,
            "awsRegion": self.region,
            "eventSourceARN": self.event_source_arn,
        }


def stream_record(record: SourceRecord, event: dict[str, Any]) -> StreamRecord:
    """Return `record` with its `event`, which is from `Events.event`."""
    return StreamRecord(record.number, record.partition_key, record.arrival, json.dumps(event))


def payload(records: Sequence[StreamRecord], window: WindowView | None = None) -> str:
    """Return the invocation payload: `{"Records": [event, ...]}`, and what the function is told of its window."""
    text = _SEPARATOR.join(record.event for record in records).join(_ENVELOPE)
    return text if window is None else f"{text[:-1]}, {json.dumps(window.members())[1:]}"


ENVELOPE_SIZE = sum(len(part) for part in _ENVELOPE)
