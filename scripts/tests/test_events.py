"""Events to send: generated or from a file, and their partition keys."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import events, traffic
from harness.errors import HarnessError
from harness.stack.state import Stack

LAST = dt.date(2015, 7, 31)


def test_generated_events_cover_all_stores_after_the_training_dates() -> None:
    made = list(events.generated(250, range(1, 101), LAST, "x"))
    assert {event["sales_input"]["store"] for event in made} == set(range(1, 101))
    assert all(event["sales_input"]["date"] > "2015-07-31" for event in made)
    assert len({event["sales_id"] for event in made}) == 250
    assert made == list(events.generated(250, range(1, 101), LAST, "x"))
    assert made != list(events.generated(250, range(1, 101), LAST, "x", seed=1))


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
    assert 1 <= len(events.partition_key(record)) <= 256


@pytest.mark.parametrize(
    ("record", "key"), [(b'{"sales_id": 5}', "5"), (b'{"sales_id": "a"}', "a"), (b"[1]", "unreadable")]
)
def test_the_partition_key_is_the_sales_id(record: bytes, key: str) -> None:
    assert events.partition_key(record) == key
