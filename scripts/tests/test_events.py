"""Events to send: generated or from a file, and their partition keys."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import events, traffic
from harness.errors import HarnessError
from harness.pipeline import definition
from harness.stack.state import Stack

LAST = dt.date(2015, 7, 31)


MODEL = {"stores": list(range(1, 101)), "date_range": ["2013-01-01", LAST.isoformat()]}


def _made(seed: int = 0, **more: Any) -> list[tuple[bytes, str]]:
    return events.of_model(definition.current(), MODEL, 1000, seed, "x", **more)


def test_made_up_events_are_those_of_the_pipeline_and_of_the_seed() -> None:
    made = [json.loads(data) for data, _ in _made()]
    assert {event["sales_input"]["store"] for event in made} == set(range(1, 101))
    late = [event for event in made if event["sales_input"]["date"] > LAST.isoformat()]
    assert 900 < len(late) < 1000, "the others have dates of a wrong clock"
    assert [event["sales_id"] for event in made] == [f"x-{number}" for number in range(1000)]
    assert _made() == _made()
    assert _made() != _made(seed=1)


def test_events_of_few_keys_have_several_events_each() -> None:
    keys = [key for _, key in _made(keys=events.few_keys(1000))]
    assert len(set(keys)) == 125
    assert keys[:125] == keys[125:250]


SAMPLES = [
    {"ride": {"from": 130, "to": "a", "miles": 3.5, "vip": True}, "ride_id": 1},
    {"ride": {"from": 205, "to": "b", "miles": 1.5, "vip": False}, "ride_id": 2},
]


def test_events_from_samples_have_values_that_samples_have() -> None:
    made = list(events.from_samples(SAMPLES, 200, seed=3))
    assert made == list(events.from_samples(SAMPLES, 200, seed=3))
    rides = [event["ride"] for event in made]
    assert {(ride["from"], ride["to"], ride["vip"]) for ride in rides} == {
        (start, to, vip) for start in (130, 205) for to in "ab" for vip in (True, False)
    }
    assert all(1.5 <= ride["miles"] <= 3.5 for ride in rides)
    assert len({ride["miles"] for ride in rides}) > 15
    assert all(round(ride["miles"], 1) == ride["miles"] for ride in rides), "as many decimals as the samples have"
    assert list(events.from_samples(SAMPLES[:1], 1, seed=0)) == SAMPLES[:1]


def test_lines_of_a_file_are_sent_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"a": 1}\r\n\n{"sales_id":  "no event"}\n {"last": NaN}')
    assert list(events.from_file(file)) == [b'{"a": 1}', b'{"sales_id":  "no event"}', b' {"last": NaN}']


@pytest.mark.parametrize(
    "line", [b"\xff broken", b"last", b"{", b"[1]", b'"text"', b"\x7fELF\x02\x00\x00", b"[" * 100_000]
)
def test_a_line_that_is_not_a_json_object_is_reported_with_an_excerpt(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"a": 1}\n\n' + line + b'\n{"b": 2}\n')
    with pytest.raises(HarnessError, match=r"events\.jsonl, line 3 is not a JSON object: ") as refused:
        list(events.from_file(file))
    assert len(refused.value.cause) < len(str(file)) + 120
    assert refused.value.next_step == "write one JSON object per line; nothing was sent"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{\n  "a": 1,\n  "b": {"c": [2]}\n}\n', [b'{"a":1,"b":{"c":[2]}}']),
        ('[{"a": 1}, {"b": 2}]', [b'{"a":1}', b'{"b":2}']),
        ('[\n  {"a": 1},\n  {"b": 2}\n]\n', [b'{"a":1}', b'{"b":2}']),
    ],
)
def test_one_document_is_sent_as_its_objects(tmp_path: Path, text: str, wanted: list[bytes]) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    assert list(events.from_file(file)) == wanted


@pytest.mark.parametrize(("text", "where"), [('[{"a": 1}, 2]', "item 2"), ('{\n "a": 1,\n', "line 1"), ("7", "item 1")])
def test_a_document_with_anything_but_objects_is_refused(tmp_path: Path, text: str, where: str) -> None:
    file = tmp_path / "event.json"
    file.write_text(text)
    with pytest.raises(HarnessError, match=rf"event\.json, {where} is not a JSON object"):
        list(events.from_file(file))


def test_a_file_with_a_bad_line_is_not_sent_at_all(tmp_path: Path) -> None:
    # GIVEN a bad line after a good one WHEN the file is sent THEN it is refused before any request to the stack
    file = tmp_path / "events.jsonl"
    file.write_text('{"a": 1}\nx\n')
    with pytest.raises(HarnessError, match="line 2"):
        traffic.send(Stack("none", "none", 0), file, 10, None)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"missing\.jsonl"):
        list(events.from_file(tmp_path / "missing.jsonl"))


@given(st.binary())
def test_any_record_has_a_partition_key_that_kinesis_accepts(record: bytes) -> None:
    assert 1 <= len(events.partition_key(definition.current(), record)) <= 256


@pytest.mark.parametrize(
    ("record", "key"), [(b'{"sales_id": 5}', "5"), (b'{"sales_id": "a"}', "a"), (b"[1]", "unreadable")]
)
def test_the_partition_key_is_the_sales_id(record: bytes, key: str) -> None:
    assert events.partition_key(definition.current(), record) == key
