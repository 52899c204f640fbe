"""Decodes the JSON of requests into what core's parser makes of it, and encodes responses as core's serializer does.

msgspec checks types while it decodes, in a fraction of the time of core's parser. What it does not accept is left to
core, which knows the error.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import msgspec

from pipeline_emulator.gateway.kinesis_values import moment
from pipeline_emulator.lambda_runtime import event_stream

_Integer = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
_Seconds = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]


class _Stream(TypedDict):
    StreamName: NotRequired[str]
    StreamARN: NotRequired[str]
    StreamId: NotRequired[str]


class _Entry(TypedDict):
    Data: bytes
    PartitionKey: str
    ExplicitHashKey: NotRequired[str]


class PutRecord(_Stream, _Entry):
    """Parameters of PutRecord."""

    SequenceNumberForOrdering: NotRequired[str]


class PutRecords(_Stream):
    """Parameters of PutRecords."""

    Records: list[_Entry]


class GetShardIterator(_Stream):
    """Parameters of GetShardIterator."""

    ShardId: str
    ShardIteratorType: str
    StartingSequenceNumber: NotRequired[str]
    Timestamp: NotRequired[_Seconds]


class GetRecords(TypedDict):
    """Parameters of GetRecords."""

    ShardIterator: str
    Limit: NotRequired[_Integer]
    StreamARN: NotRequired[str]
    StreamId: NotRequired[str]


PARAMETERS = (PutRecord, PutRecords, GetShardIterator, GetRecords)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {each.__name__: msgspec.json.Decoder(each) for each in PARAMETERS}
_ENCODER = msgspec.json.Encoder()


def decoded(operation: str, body: bytes) -> dict[str, Any] | None:
    """Return the parameters of a request, or None if core has to read it."""
    try:
        # msgspec does not look at the characters of members that it skips.
        found: dict[str, Any] = _DECODERS[operation].decode(body.decode())
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if (seconds := found.get("Timestamp")) is not None:
        found["Timestamp"] = moment(seconds)
    return found


def encoded(response: Mapping[str, Any]) -> bytes:
    """Return a response as JSON: times are numbers of seconds, binary data is base64."""
    records = response.get("Records")
    if records and "ApproximateArrivalTimestamp" in records[0]:
        response = {**response, "Records": [_with_seconds(record) for record in records]}
    return _ENCODER.encode(response)


def encoded_events(events: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Yield the messages of an event stream, as core's serializer does; each event has one member."""
    yield event_stream.encode("initial-response", b"")
    for event in events:
        for name, content in event.items():
            yield event_stream.encode(name, encoded(content))


def _with_seconds(record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "ApproximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp()}
