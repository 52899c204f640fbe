"""The answers that a pipeline must give, as its oracle computes them (`ledger.expected` in pipeline.toml)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from harness.pipeline import code
from harness.pipeline.definition import Pipeline
from harness.stack.state import Stack

# Numbers near zero are equal within this, whatever the relative tolerance is.
ABSOLUTE_TOLERANCE = 1e-3
ANYTHING: dict[str, Any] = {}
LONGEST = 60  # characters of a value in a message

type Answers = Sequence[Any]
type Expectations = Callable[[Sequence[bytes]], Answers]


def of(stack: Stack) -> Expectations:
    """Return the function that computes the answers to valid events of a stack; as `of_model`."""
    return of_model(stack.pipeline, stack.model)


def of_model(pipeline: Pipeline, model: Mapping[str, Any]) -> Expectations:
    """Return the function that computes the answers to valid events.

    Args:
        pipeline: its oracle; without one, any answer will do.
        model: a training result, for oracles that want one; may be empty.

    Returns:
        A function from records to the keys and values that each answer must have.
    """

    def expect(records: Sequence[bytes]) -> Answers:
        if not pipeline.file.ledger.expected or not records:
            return [ANYTHING] * len(records)
        return code.of(pipeline).expected([json.loads(record) for record in records], model)

    return expect


def difference(expected: Any, found: Any, tolerance: float, path: str = "") -> str:
    """Return the first difference between the expected and the actual answer; empty if there is none.

    Args:
        expected: an object's keys must be in `found`, which may have more; lists must have equal lengths.
        found: the answer.
        tolerance: largest relative difference between equal numbers.
        path: of both values in the answer, for the message.
    """
    if isinstance(expected, dict) and isinstance(found, dict):
        for key, value in expected.items():
            inner = f"{path}.{key}" if path else key
            if key not in found:
                return f"{inner} is missing"
            if told := difference(value, found[key], tolerance, inner):
                return told
        return ""
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return next(filter(None, (difference(*pair, tolerance, f"{path}[{number}]") for number, pair in pairs)), "")
    return (
        "" if _equal(expected, found, tolerance) else f"{path or 'it'} is {_shown(found)} instead of {_shown(expected)}"
    )


def _equal(expected: Any, found: Any, tolerance: float) -> bool:
    """Compare values that are no objects. 2 and 2.0 are equal, 1 and true are not."""
    if type(expected) in (int, float) and type(found) in (int, float):
        return math.isclose(found, expected, rel_tol=tolerance, abs_tol=ABSOLUTE_TOLERANCE if tolerance else 0.0)
    return type(expected) is type(found) and bool(expected == found)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
