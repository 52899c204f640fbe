"""Reading a model's evaluation; what a training of somebody else may have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.model import evaluation

GOOD: dict[str, Any] = {
    "format": 1,
    "target": "minutes",
    "hold_out": {"rows": 2, "actual": [1, 2.5], "predicted": [1.5, 2]},
    "training": {"features": [{"name": "miles", "path": "ride.miles", "edges": [1, 2], "counts": [3, 4, 5]}]},
}


def parsed(**more: Any) -> evaluation.Evaluation:
    return evaluation.parse(json.dumps({**GOOD, **more}).encode(), "s3://models/evaluation.json")


def test_everything_but_format_and_target_may_be_left_out() -> None:
    assert parsed().training.features[0].counts == [3, 4, 5]
    assert evaluation.parse(b'{"format": 1, "target": "x"}', "x").hold_out is None


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"format": 2}, "format"),
        ({"hold_out": {"rows": 2, "actual": [1, 2], "predicted": [1]}}, "predicted has 1 values, and actual has 2"),
        ({"hold_out": {"rows": 0, "actual": [], "predicted": []}}, "hold_out.actual"),
        ({"hold_out": {"rows": 1, "actual": ["1"], "predicted": [1]}}, "hold_out.actual.0"),
        ({"training": {"features": [{"name": "a", "path": "b[", "counts": {"1": 1}}]}}, "features.0.path"),
        ({"training": {"features": [{"name": "a", "path": "b", "edges": [2, 1], "counts": [1, 1, 1]}]}}, "ascend"),
        ({"training": {"features": [{"name": "a", "path": "b", "counts": [1, 1]}]}}, "edges"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_mistakes_are_reported_with_their_place(more: dict[str, Any], place: str) -> None:
    with pytest.raises(HarnessError) as refused:
        parsed(**more)
    assert "s3://models/evaluation.json is no evaluation" in refused.value.cause
    assert place in refused.value.cause
    assert "docs/model.md" in refused.value.next_step


@pytest.mark.parametrize("content", [b"", b"no JSON", b"[]", b"\xff", b'{"format": 1, "target": NaN}'])
def test_what_is_no_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(HarnessError, match="is no evaluation"):
        evaluation.parse(content, "x")


def test_the_training_of_this_repository_writes_one(trained: list[dict[str, Any]]) -> None:
    file = Path(trained[0]["model_dir"]) / evaluation.FILE
    found = evaluation.parse(file.read_bytes(), str(file))
    assert found.hold_out is not None
    assert [each.name for each in found.training.features] == ["store", "promo", "holiday", "weekday"]
