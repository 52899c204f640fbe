"""What the function reads: records of the source stream and the sales events in them, as msgspec decodes them."""

import datetime as dt
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MAX_PARTITION_KEY = 256
"""PutRecords takes partition keys of 1 to 256 characters; the output's partition key is the sales_id as text."""

ReasonCode = Literal[
    "empty", "not_utf8", "not_json", "not_an_object", "missing_field", "duplicate_field", "wrong_type", "wrong_value",
    "prediction_not_finite",
]  # fmt: skip


class KinesisData(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What Lambda's event has under `kinesis`; `data` is base64 there."""

    sequence_number: str
    partition_key: str
    data: bytes
    approximate_arrival_timestamp: float


class Record(msgspec.Struct, frozen=True, gc=False):
    """A record of the source stream, in the shape of Lambda's event.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html

    Attributes:
        event_id: shard id and sequence number; the same record always has the same one.
    """

    kinesis: KinesisData
    event_id: str = msgspec.field(name="eventID")
    stream_arn: str = msgspec.field(name="eventSourceARN", default="")

    @property
    def payload(self) -> bytes:
        """What the producer put."""
        return self.kinesis.data

    @property
    def sequence_number(self) -> str:
        """The record's position in its shard."""
        return self.kinesis.sequence_number

    @property
    def arrived_at(self) -> dt.datetime:
        """When the record arrived in the stream, UTC."""
        return dt.datetime.fromtimestamp(self.kinesis.approximate_arrival_timestamp, dt.UTC)


class SalesInput(msgspec.Struct, frozen=True, gc=False):
    """The fields that the model predicts from."""

    date: dt.date
    store: Annotated[int, Meta(ge=1)]
    promo: Literal[0, 1]
    holiday: Literal[0, 1]


# Narrower than what is valid: msgspec counts characters and not UTF-16 units, and compares integers of up to 64 bits.
# Longer ids are left to `reasons`, which makes events of them as well: only decoding checks these limits.
_Integer64 = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
_ShortText = Annotated[str, Meta(min_length=1, max_length=MAX_PARTITION_KEY // 2)]


class Event(msgspec.Struct, frozen=True, gc=False):
    """A valid sales event; `sales_id` is an integer of any size or a text of 1 to `MAX_PARTITION_KEY` UTF-16 units."""

    sales_input: SalesInput
    sales_id: _Integer64 | _ShortText


class Invalid(msgspec.Struct, frozen=True, gc=False):
    """Why a record can never be predicted; `code` is stable, `reason` is for people and may quote the payload."""

    code: ReasonCode
    reason: str
