"""Records of a shard as the events that a function receives."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_ENVELOPE = '{"Records": [', "]}"
_SEPARATOR = ", "


@dataclass(frozen=True)
class StreamRecord:
    """One record: position, key, arrival (seconds since the epoch) and its event as JSON.

    The event is kept serialized, so that a batch's payload has an exact size and retries cost no second encoding.
    """

    sequence_number: int
    partition_key: str
    arrival: float
    event: str

    @property
    def size(self) -> int:
        """Bytes this record takes in a payload, its separator included (the event is pure ASCII)."""
        return len(self.event) + len(_SEPARATOR)


@dataclass(frozen=True)
class EventSource:
    """What every event of a mapping repeats."""

    event_source_arn: str
    region: str
    invoke_identity_arn: str

    def event(self, shard_id: str, record: dict[str, Any]) -> dict[str, Any]:
        """Return the event of `record`, an entry of GetRecords' answer, in AWS's own shape and key order.

        Shape: https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html ("Example event").
        """
        arrival: datetime = record["ApproximateArrivalTimestamp"]
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": round(arrival.timestamp(), 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self.invoke_identity_arn,
            "awsRegion": self.region,
            "eventSourceARN": self.event_source_arn,
        }


def stream_record(event: dict[str, Any]) -> StreamRecord:
    """Return the record that carries `event`, as made by `EventSource.event`."""
    kinesis = event["kinesis"]
    return StreamRecord(
        sequence_number=int(kinesis["sequenceNumber"]),
        partition_key=kinesis["partitionKey"],
        arrival=kinesis["approximateArrivalTimestamp"],
        event=json.dumps(event),
    )


def payload(records: Sequence[StreamRecord]) -> str:
    """Return the invocation payload: `{"Records": [event, ...]}`."""
    return _SEPARATOR.join(record.event for record in records).join(_ENVELOPE)


def payload_size(records: Sequence[StreamRecord]) -> int:
    """Return an upper bound of the payload's bytes; at most the one separator too many."""
    return sum(record.size for record in records) + ENVELOPE_SIZE


ENVELOPE_SIZE = sum(len(part) for part in _ENVELOPE)
