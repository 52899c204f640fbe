"""Events to send: made up, from a file, and their partition keys."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import events
from harness.errors import HarnessError

LAST = dt.date(2015, 7, 31)


def test_made_up_events_go_over_all_stores_after_the_training_days() -> None:
    made = list(events.generated(250, range(1, 101), LAST, "x"))
    assert {event["sales_input"]["store"] for event in made} == set(range(1, 101))
    assert all(event["sales_input"]["date"] > "2015-07-31" for event in made)
    assert len({event["sales_id"] for event in made}) == 250
    assert made == list(events.generated(250, range(1, 101), LAST, "x"))
    assert made != list(events.generated(250, range(1, 101), LAST, "x", seed=1))


def test_a_files_lines_are_sent_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"a": 1}\r\n\n\xff broken\nlast')
    assert list(events.from_file(file)) == [b'{"a": 1}', b"\xff broken", b"last"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"missing\.jsonl"):
        list(events.from_file(tmp_path / "missing.jsonl"))


@given(st.binary())
def test_any_record_has_a_partition_key_that_kinesis_takes(record: bytes) -> None:
    assert 1 <= len(events.partition_key(record)) <= 256


@pytest.mark.parametrize(
    ("record", "key"), [(b'{"sales_id": 5}', "5"), (b'{"sales_id": "a"}', "a"), (b"[1]", "unreadable")]
)
def test_the_partition_key_is_the_sales_id(record: bytes, key: str) -> None:
    assert events.partition_key(record) == key
