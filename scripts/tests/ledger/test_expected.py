"""What an answer must have: compared key by key, numbers within a tolerance."""

from __future__ import annotations

from typing import Any

import pytest

from harness.ledger.expected import difference

TOLERANCE = 1e-5


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ({}, {"more": 1}),
        ({"a": 100.0}, {"a": 100.0005, "b": 2}),
        ({"a": 2}, {"a": 2.0}),
        ({"a": {"b": [1, {"c": "x"}]}}, {"a": {"b": [1, {"c": "x", "d": None}]}}),
        ({"a": None}, {"a": None}),
    ],
)
def test_equal(expected: Any, found: Any) -> None:
    assert difference(expected, found, TOLERANCE) == ""


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ({"a": 1}, {}, "a is missing"),
        ({"a": {"b": 1.0}}, {"a": {"b": 1.1}}, "a.b is 1.1 instead of 1.0"),
        ({"a": 1}, {"a": True}, "a is true instead of 1"),
        ({"a": 1}, {"a": "1"}, 'a is "1" instead of 1'),
        ({"a": 1.0}, {"a": float("nan")}, "a is NaN instead of 1.0"),
        ({"a": [1, 2]}, {"a": [1]}, "a is [1] instead of [1, 2]"),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "a[1].b is 3 instead of 2"),
        ({"a": None}, {"a": 0}, "a is 0 instead of null"),
        ({"a": 1}, [], 'it is [] instead of {"a": 1}'),
        ({"a": "x" * 99}, {"a": 1}, f'a is 1 instead of "{"x" * 59}…'),
    ],
)
def test_different(expected: Any, found: Any, told: str) -> None:
    assert difference(expected, found, TOLERANCE) == told


def test_without_a_tolerance_numbers_must_be_equal() -> None:
    assert difference({"a": 1.0}, {"a": 1.0 + 1e-12}, 0.0)
