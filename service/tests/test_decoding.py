"""The function's decoder accepts, refuses and explains exactly what the plain one before it did."""

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store_sales import decoding
from store_sales.decoding import parse_event
from store_sales.events import Event, Invalid
from store_sales_testing import reference_decoder

SAMPLE = b'{"sales_input": {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0}, "sales_id": 512}'
NAMES = ("sales_input", "date", "store", "promo", "holiday", "sales_id")


def plain(found: Event | Invalid) -> tuple[Any, ...]:
    """Every value with its type, so that True is not 1."""
    values: tuple[Any, ...]
    if isinstance(found, Invalid):
        values = (found.code, found.reason)
    else:
        given = found.sales_input
        values = (given.date, given.store, given.promo, given.holiday, found.sales_id)
    return tuple((type(value), value) for value in values)


def reference(payload: bytes) -> tuple[Any, ...]:
    found = reference_decoder.decode(payload)
    values: tuple[Any, ...]
    if isinstance(found, reference_decoder.Invalid):
        values = (found.code, found.reason)
    else:
        values = (found.date, found.store, found.promo, found.holiday, found.sales_id)
    return tuple((type(value), value) for value in values)


# Values as JSON text, so that there are forms which json.dumps never writes.
NUMBERS = [
    "0",
    "1",
    "2",
    "-0",
    "-1",
    "1.0",
    "0.0",
    "1e0",
    "1E2",
    "01",
    "+1",
    "1.",
    ".5",
    "0x1",
    "true",
    "false",
    "null",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "9" * 256,
    "9" * 257,
    "9" * 4300,
    "9" * 4301,
]
TEXTS = [
    '""',
    '"a"',
    '"512"',
    '"a:b"',
    '"a\\\\b"',
    '"\\u0061"',
    '"\\ud800"',
    '"\\ud83d\\uded2"',
    '"\\udc00x"',
    '"\x01"',
    '"\t"',
    '"\x7f"',
    '"\\q"',
    '"ä"',
    '"\U0001f6d2"',
    '"store"',
    '"\\"store\\":"',
    *(f'"{"x" * n}"' for n in (128, 129, 256, 257)),
    f'"{"\U0001f6d2" * 128}"',
    f'"{"\U0001f6d2" * 129}"',
    f'"{"ä" * 256}"',
    "'a'",
    '"',
]
DATES = [
    '"2022-12-25"',
    '"2024-02-29"',
    '"2023-02-29"',
    '"0000-01-01"',
    '"0001-01-01"',
    '"9999-12-31"',
    '"10000-01-01"',
    '"2022-12-25T00:00:00"',
    '"2022-12-25Z"',
    '"20221225"',
    '"2022-W51-7"',
    '" 2022-12-25"',
    '"2022-12-25\\n"',
    '"2022-1-5"',
    '"\\u0032022-12-25"',
    '"\uff12\uff10\uff12\uff12-12-25"',
    '"-022-12-25"',
    '"2022/12/25"',
    '"+022-12-25"',
]
OTHERS = ["[]", "{}", "[1,]", '{"store": 1}', '{"a": 1, "a": 2}', '{"a": {"sales_id": 1}}', "[" * 900 + "]" * 900, ""]
VALUE = st.sampled_from(NUMBERS + TEXTS + DATES + OTHERS)
SPACE = st.sampled_from(["", " ", "\n", "\t", "\r\n", "\x0b", "\u00a0", "\ufeff"])
USUAL_SPACE = st.sampled_from([""] * 30 + ["\t", "\x0b"])
SPELLINGS = st.sampled_from(["{}"] * 12 + ["{}x", " {}", "{escaped}"])
EXTRA_NAME = st.sampled_from(["note", "ä", "store", "date", "sales_id", "sto\\u0072e", "a:b", '\\"store\\"', ""])


@st.composite
def member(draw: st.DrawFn, name: str, value: str) -> str:
    spelling = draw(SPELLINGS)
    shown = spelling.format(name, escaped=f"\\u{ord(name[0]):04x}{name[1:]}")
    return f'{draw(USUAL_SPACE)}"{shown}"{draw(USUAL_SPACE)}:{draw(USUAL_SPACE)}{value}'


@st.composite
def json_object(draw: st.DrawFn, members: dict[str, str]) -> str:
    """An object with most of the members, in any order; now and then one is given twice or something is added."""
    parts = [draw(member(name, value)) for name, value in members.items() if draw(st.integers(0, 25))]
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        parts.append(draw(st.tuples(EXTRA_NAME, VALUE).map(lambda pair: f'"{pair[0]}": {pair[1]}')))
    if draw(st.integers(0, 9)) == 0:
        name = draw(st.sampled_from(list(members)))
        parts.append(draw(member(name, members[name])))
    text = ",".join(draw(st.permutations(parts)))
    return "{" + text + draw(st.sampled_from(["}"] * 30 + ["", ",}", "}}", "]"]))


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    """Events with up to two odd values, in odd spellings; sometimes not even UTF-8."""
    values = {"date": '"2022-12-25"', "store": "2", "promo": "1", "holiday": "0"}
    sales_id = draw(st.sampled_from(["512", '"a-7"']))
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(NAMES))
        if name == "sales_id":
            sales_id = draw(VALUE)
        elif name != "sales_input":
            values[name] = draw(VALUE)
    inner = draw(json_object(values)) if draw(st.integers(0, 15)) else draw(VALUE)
    outer = draw(json_object({"sales_input": inner, "sales_id": sales_id}))
    text = draw(USUAL_SPACE) + outer + draw(USUAL_SPACE)
    encoded = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(encoded)))
        encoded = encoded[:at] + draw(st.binary(min_size=1, max_size=2)) + encoded[at + draw(st.integers(0, 2)) :]
    return encoded


@settings(max_examples=500, deadline=None)
@given(payloads())
@example(SAMPLE)
@example(SAMPLE.replace(b"512", b"9" * 300))
@example(SAMPLE.replace(b'"sales_id"', b'"note": "\xff", "sales_id"'))
@example(SAMPLE.replace(b'"sales_id"', b'"note": ' + b"9" * 5000 + b', "sales_id"'))
@example(SAMPLE.replace(b'"store": 2', b'"store": 2, "sto\\u0072e": 3'))
@example(SAMPLE.replace(b'"store": 2', b'"store": 2, "store": 2'))
@example(SAMPLE.replace(b'"sales_id"', b'"note": {"a": 1, "a": 2}, "sales_id"'))
@example(SAMPLE.replace(b'"sales_id"', b'"note": "a:b", "sales_id"'))
@example(b'{"sales_input": {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0}}, "sales_id": 512}')
def test_the_same_event_or_the_same_reason(payload: bytes) -> None:
    assert plain(parse_event(payload)) == reference(payload)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_get_the_same_reason(payload: bytes) -> None:
    assert plain(parse_event(payload)) == reference(payload)


DATED = st.dates(dt.date(1, 1, 1)).map(str)


@settings(deadline=None)
@given(
    DATED,
    st.integers(1, 10**25),
    st.integers(0, 1),
    st.integers(-(10**300), 10**300) | st.text(max_size=300),
    st.booleans(),
)
def test_valid_events_of_all_sizes(date: str, store: int, promo: int, sales_id: int | str, ascii_only: bool) -> None:
    event = {"sales_input": {"date": date, "store": store, "promo": promo, "holiday": 0}, "sales_id": sales_id}
    payload = json.dumps(event, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert plain(parse_event(payload)) == reference(payload)


@pytest.mark.parametrize(
    "payload",
    [
        SAMPLE,
        SAMPLE.replace(b" ", b""),
        SAMPLE.replace(b"512", b'"a-7"'),
        SAMPLE.replace(b"512", b'"a:7"'),
        SAMPLE.replace(b"512", "\U0001f6d2".join('""').encode()),
        SAMPLE.replace(b'"sales_id"', b'"version": {"schema": 3, "by": ["till 7"]}, "sales_id"'),
    ],
)
def test_usual_events_do_not_need_the_slow_way(payload: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "examine", lambda _: pytest.fail("examined"))
    assert isinstance(parse_event(payload), Event)
