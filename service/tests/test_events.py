"""Decoding and validation of events."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_sales.decoding import parse_event, read_records
from store_sales.events import Event, Invalid
from store_sales_testing.samples import make_event

SAMPLE = b'{"sales_input": {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0}, "sales_id": 512}'


def parse_with(event: dict[str, Any], path: str, value: Any) -> Event | Invalid:
    """Parse the event with one field replaced; `...` removes it."""
    parent = event["sales_input"] if path.startswith("sales_input.") else event
    name = path.rpartition(".")[2]
    if value is ...:
        del parent[name]
    else:
        parent[name] = value
    return parse_event(json.dumps(event).encode())


def test_the_sample_event_is_valid() -> None:
    assert parse_event(SAMPLE) == make_event(dt.date(2022, 12, 25), 2, 1, 0, 512)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sales_id", "a-7"),
        ("sales_id", -3),
        ("sales_id", 10**40),
        ("sales_id", "x" * 256),
        ("sales_id", "\U0001f6d2" * 128),
        ("sales_input.store", 10**30),
        ("sales_input.date", "0001-01-01"),
        ("sales_input.date", "9999-12-31"),
        ("sales_input.date", "2024-02-29"),
        ("sales_input.unknown", {"ignored": [None]}),
        ("unknown", 1.5),
    ],
)
def test_unusual_values_are_valid(event: dict[str, Any], path: str, value: Any) -> None:
    assert isinstance(parse_with(event, path, value), Event)


@pytest.mark.parametrize(
    "path", ["sales_id", "sales_input", *(f"sales_input.{n}" for n in ("date", "store", "promo", "holiday"))]
)
def test_every_field_is_required(event: dict[str, Any], path: str) -> None:
    assert parse_with(event, path, ...) == Invalid("missing_field", f"{path}: missing")


@pytest.mark.parametrize("value", ["2", True, False, 2.0, 2.5, None, [], {}])
@pytest.mark.parametrize("path", ["sales_input.store", "sales_input.promo", "sales_input.holiday"])
def test_numbers_must_be_integers(event: dict[str, Any], path: str, value: Any) -> None:
    result = parse_with(event, path, value)
    assert isinstance(result, Invalid)
    assert result.code == "wrong_type"
    assert result.reason.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("sales_input.store", 0, "wrong_value"),
        ("sales_input.store", -(10**30), "wrong_value"),
        ("sales_input.promo", 2, "wrong_value"),
        ("sales_input.holiday", -1, "wrong_value"),
        ("sales_input.date", 20221225, "wrong_type"),
        ("sales_input.date", "2023-02-29", "wrong_value"),
        ("sales_input.date", "2022-12-25T00:00:00", "wrong_value"),
        ("sales_input.date", "20221225", "wrong_value"),
        ("sales_input.date", "2022-W51-7", "wrong_value"),
        ("sales_input.date", "2022-12-25\n", "wrong_value"),
        ("sales_input.date", "\uff12\uff10\uff12\uff12-12-25", "wrong_value"),
        ("sales_input.date", "0000-01-01", "wrong_value"),
        ("sales_input.date", "", "wrong_value"),
        ("sales_input", [], "wrong_type"),
        ("sales_input", None, "wrong_type"),
        ("sales_id", True, "wrong_type"),
        ("sales_id", 1.0, "wrong_type"),
        ("sales_id", None, "wrong_type"),
        ("sales_id", "", "wrong_value"),
        ("sales_id", "x" * 257, "wrong_value"),
        ("sales_id", "\U0001f6d2" * 129, "wrong_value"),
        ("sales_id", "\ud800", "wrong_value"),
    ],
)
def test_wrong_values_are_named(event: dict[str, Any], path: str, value: Any, code: str) -> None:
    result = parse_with(event, path, value)
    assert isinstance(result, Invalid)
    assert (result.code, result.reason.partition(":")[0]) == (code, path)


@pytest.mark.parametrize(
    ("payload", "code", "part"),
    [
        (b"", "empty", "empty"),
        (b" \n", "empty", "empty"),
        (b"\xff\xfe{", "not_utf8", "byte 0"),
        (b"hello", "not_json", "line 1"),
        (SAMPLE[:-1], "not_json", "line 1"),
        (SAMPLE + b"{}", "not_json", "Extra data"),
        (b"\xef\xbb\xbf" + SAMPLE, "not_json", "BOM"),
        (SAMPLE.replace(b"512", b"NaN"), "not_json", "NaN"),
        (SAMPLE.replace(b"512", b"-Infinity"), "not_json", "-Infinity"),
        (SAMPLE.replace(b"512", b"9" * 5000), "not_json", "limit"),
        (b"[" * 1_000_000, "not_json", "nested too deeply"),
        (b'{"a":' * 200_000, "not_json", "nested too deeply"),
        (b"[]", "not_an_object", "array"),
        (b"null", "not_an_object", "null"),
        (b"x" * 1024 * 1024, "not_json", "line 1"),
        (SAMPLE.replace(b'"store": 2', b'"store": 2, "store": 3'), "duplicate_field", "sales_input.store"),
        (SAMPLE.replace(b'"sales_id"', b'"sales_id": 1, "sales_id"'), "duplicate_field", "sales_id"),
    ],
)
def test_bad_payloads_are_named(payload: bytes, code: str, part: str) -> None:
    result = parse_event(payload)
    assert isinstance(result, Invalid)
    assert result.code == code
    assert part in result.reason


def test_a_name_given_twice_in_an_ignored_object_does_not_matter() -> None:
    assert isinstance(parse_event(SAMPLE.replace(b'"sales_id"', b'"note": {"a": 1, "a": 2}, "sales_id"')), Event)


def test_a_long_value_is_shortened_in_the_reason(event: dict[str, Any]) -> None:
    result = parse_with(event, "sales_input.date", "9" * 100_000)
    assert isinstance(result, Invalid)
    assert len(result.reason) < 150


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(payload: bytes) -> None:
    assert isinstance(parse_event(payload), Event | Invalid)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
FIELD = JSON | st.integers(0, 3) | st.dates().map(str)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("date", "store", "promo", "holiday"), FIELD)) | JSON, FIELD)
def test_accepted_events_have_the_right_types(sales_input: Any, sales_id: Any) -> None:
    result = parse_event(json.dumps({"sales_input": sales_input, "sales_id": sales_id}).encode())
    if isinstance(result, Event):
        found = result.sales_input
        assert type(found.store) is int
        assert found.store >= 1
        flags = [(type(flag), flag) for flag in (found.promo, found.holiday)]
        assert set(flags) <= {(int, 0), (int, 1)}
        assert type(result.sales_id) in (int, str)
        assert 1 <= len(str(result.sales_id)) <= 256
        assert found.date.isoformat() == sales_input["date"]


@given(
    st.dates(),
    st.integers(min_value=1),
    st.integers(0, 1),
    st.integers(0, 1),
    st.integers() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
)
def test_every_valid_event_is_accepted(
    date: dt.date, store: int, promo: int, holiday: int, sales_id: int | str
) -> None:
    sales_input = {"date": date.isoformat(), "store": store, "promo": promo, "holiday": holiday}
    payload = json.dumps({"sales_input": sales_input, "sales_id": sales_id}).encode()
    assert parse_event(payload) == make_event(date, store, promo, holiday, sales_id)


def test_a_record_is_read(kinesis_record: Any) -> None:
    (record,) = read_records({"Records": [kinesis_record(b"\x00\xff")]})
    assert record.payload == b"\x00\xff"
    assert record.event_id == f"shardId-000000000001:{record.sequence_number}"
    assert record.arrived_at == dt.datetime(2025, 12, 25, 0, 0, 0, 250_000, tzinfo=dt.UTC)


@pytest.mark.parametrize("record", [{}, {"Sns": {}}, {"kinesis": None, "eventID": ""}])
def test_records_of_other_sources_are_refused(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a record of a Kinesis stream"):
        read_records({"Records": [record]})


def test_broken_base64_is_refused(kinesis_record: Any) -> None:
    record = kinesis_record(b"x")
    record["kinesis"]["data"] = base64.b64encode(b"abc").decode() + "*"
    with pytest.raises(ValueError, match="not a record of a Kinesis stream"):
        read_records({"Records": [record]})
