"""Decodes batches and events: what is valid with msgspec, in about a microsecond; `reasons` decides on the rest."""

from collections.abc import Mapping
from typing import Any

import msgspec

from store_sales.events import Event, Invalid, Record
from store_sales.reasons import examine

NAMES = tuple(f'"{name}"'.encode() for name in ("sales_input", "date", "store", "promo", "holiday", "sales_id"))
MAX_UNEXAMINED = 1000
"""Bytes; too few for an integer of more than 4,300 digits or for nesting that the standard library's parser refuses."""


class _Batch(msgspec.Struct, gc=False):
    records: list[Record] = msgspec.field(name="Records", default_factory=list)


_decode = msgspec.json.Decoder(Event).decode


def read_records(batch: Mapping[str, Any]) -> list[Record]:
    """Read the records of Lambda's event.

    Raises:
        ValueError: one is not a record of a Kinesis stream; something other than its stream invoked the function.
    """
    try:
        return msgspec.convert(batch, _Batch).records
    except msgspec.ValidationError as error:
        raise ValueError(f"not a record of a Kinesis stream: {error}") from error


def parse_event(payload: bytes) -> Event | Invalid:
    """Validate a record's payload; never raises, whatever the bytes."""
    try:
        event = _decode(payload)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return examine(payload)
    return event if _unambiguous(payload) else examine(payload)


def _unambiguous(payload: bytes) -> bool:
    """Return whether a decoded payload cannot hold anything that msgspec overlooks.

    It takes the last of two equal names and only skims fields that it was not asked for. Each of the six fields has a
    colon, so with six colons there is nothing else. With more, each name may stand there only once, and not escaped.
    """
    if payload.count(b":") == len(NAMES):
        return True
    plain = len(payload) <= MAX_UNEXAMINED and payload.isascii() and b"\\" not in payload
    return plain and all(payload.count(name) == 1 for name in NAMES)
