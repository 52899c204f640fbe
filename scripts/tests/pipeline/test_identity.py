"""Ids in events and answers."""

from __future__ import annotations

import json
from typing import Any

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.pipeline.identity import Identity
from harness.pipeline.schema import Ledger

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def _identity(expression: str) -> Identity:
    return Identity.of(Ledger(id_in=expression, id_out="x"))


@given(VALUES, st.sampled_from(["a", "a.b", "a.b.c"]))
def test_plain_keys_are_looked_up_as_jmespath_does(document: Any, expression: str) -> None:
    assert _identity(expression).of_event(document) == jmespath.search(expression, document)


@pytest.mark.parametrize(
    ("expression", "found"), [("items[0].id", 7), ("items[?id > `7`] | [0].id", 8), ("abs(x)", None)]
)
def test_other_expressions(expression: str, found: object) -> None:
    assert _identity(expression).of_event({"items": [{"id": 7}, {"id": 8}], "x": "text"}) == found


def test_an_id_is_replaced_at_a_plain_path_only() -> None:
    event = {"a": {"b": 1, "c": 2}, "d": 3}
    assert _identity("a.b").with_id(event, "new") == {"a": {"b": "new", "c": 2}, "d": 3}
    assert _identity("a.x.y").with_id(event, 5) == {"a": {"b": 1, "c": 2, "x": {"y": 5}}, "d": 3}
    assert _identity("a.*").with_id(event, "new") == event
    assert event == {"a": {"b": 1, "c": 2}, "d": 3}


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 99999, b"7"])
def test_a_record_without_an_id_has_none(data: bytes) -> None:
    assert _identity("a").id_in(data) is None
    assert _identity("a").id_in(json.dumps({"a": 1}).encode()) == 1
