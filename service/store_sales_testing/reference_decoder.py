"""The decoder before msgspec: slow, plain, and the measure of what is valid and of the words for what is not.

Do not change it together with the function's: a test compares the two.
"""

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_PARTITION_KEY = 256


@dataclass(frozen=True)
class Event:
    """A valid sales event."""

    date: dt.date
    store: int
    promo: int
    holiday: int
    sales_id: int | str


@dataclass(frozen=True)
class Invalid:
    """Why a record can never be predicted."""

    code: str
    reason: str


class _InvalidError(Exception):
    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.invalid = Invalid(code, reason)


class _Object(dict[str, Any]):
    """A JSON object that remembers its duplicate names."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.duplicates: frozenset[str] = frozenset()
        if len(self) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            self.duplicates = frozenset(name for name, count in counts.items() if count > 1)


def decode(payload: bytes) -> Event | Invalid:
    """Validate a record's payload; never raises, whatever the bytes."""
    try:
        return _event(_object(payload))
    except _InvalidError as error:
        return error.invalid


def _object(payload: bytes) -> _Object:
    if not payload.strip():
        raise _InvalidError("empty", "the record is empty")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _InvalidError("not_utf8", f"not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        document = json.loads(text, object_pairs_hook=_Object, parse_constant=_refuse_constant)
    except RecursionError:
        raise _InvalidError("not_json", "not JSON: nested too deeply") from None
    except ValueError as error:  # includes integers of more than 4,300 digits, which Python refuses to convert
        raise _InvalidError("not_json", f"not JSON: {error}") from None
    if not isinstance(document, _Object):
        raise _InvalidError("not_an_object", f"{_described(document)} instead of a JSON object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _event(document: _Object) -> Event:
    sales_input = _field(document, "sales_input", "")
    if not isinstance(sales_input, _Object):
        raise _InvalidError("wrong_type", f"sales_input: {_described(sales_input)} is not an object")
    return Event(
        date=_date(_field(sales_input, "date", "sales_input.")),
        store=_store(_field(sales_input, "store", "sales_input.")),
        promo=_flag(_field(sales_input, "promo", "sales_input."), "sales_input.promo"),
        holiday=_flag(_field(sales_input, "holiday", "sales_input."), "sales_input.holiday"),
        sales_id=_sales_id(_field(document, "sales_id", "")),
    )


def _field(parent: _Object, name: str, path: str) -> Any:
    if name not in parent:
        raise _InvalidError("missing_field", f"{path}{name}: missing")
    if name in parent.duplicates:
        raise _InvalidError("duplicate_field", f"{path}{name}: given more than once")
    return parent[name]


def _date(value: Any) -> dt.date:
    if not isinstance(value, str):
        raise _InvalidError("wrong_type", f"sales_input.date: {_described(value)} is not a date YYYY-MM-DD")
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            return dt.date.fromisoformat(value)
    except ValueError:  # no such day in the calendar
        pass
    raise _InvalidError("wrong_value", f"sales_input.date: {_described(value)} is not a date YYYY-MM-DD")


def _store(value: Any) -> int:
    if type(value) is not int:
        raise _InvalidError("wrong_type", f"sales_input.store: {_described(value)} is not an integer >= 1")
    if value < 1:
        raise _InvalidError("wrong_value", f"sales_input.store: {_described(value)} is not an integer >= 1")
    return value


def _flag(value: Any, path: str) -> int:
    if type(value) is not int:
        raise _InvalidError("wrong_type", f"{path}: {_described(value)} is not 0 or 1")
    if value not in (0, 1):
        raise _InvalidError("wrong_value", f"{path}: {_described(value)} is not 0 or 1")
    return value


def _sales_id(value: Any) -> int | str:
    if type(value) is not int and not isinstance(value, str):
        raise _InvalidError("wrong_type", f"sales_id: {_described(value)} is neither an integer nor a string")
    try:
        units = len(str(value).encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise _InvalidError("wrong_value", "sales_id: holds half a surrogate pair") from None
    if not 1 <= units <= MAX_PARTITION_KEY:
        raise _InvalidError(
            "wrong_value", f"sales_id: {units} characters, but it becomes a partition key of 1 to {MAX_PARTITION_KEY}"
        )
    return value


def _described(value: Any) -> str:
    """Quote a JSON value, shortened to 60 characters."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
