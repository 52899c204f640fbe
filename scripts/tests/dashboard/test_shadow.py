"""What the log lines of a shadow model say together."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dashboard.shadow import figures


def line(at: float, events: int, difference: float | None, **more: Any) -> dict[str, Any]:
    compared = {} if difference is None else {
        "ShadowMeanRelativeDifference": difference,
        "ShadowMeanAbsoluteRelativeDifference": abs(difference),
        "ShadowMaxAbsoluteRelativeDifference": abs(difference) * 2,
    }  # fmt: skip
    return {"message": "shadow compared", "at": at, "ShadowEvents": events, "ShadowNotFinite": 0, **compared, **more}


def test_batches_count_by_their_events() -> None:
    found = figures([line(1, 90, 0.1, ShadowDuration=4.0), line(2, 10, -0.1, ShadowDuration=2.0), line(3, 5, None)])
    assert (found["events"], found["batches"], found["milliseconds"]) == (105, 3, 3.0)
    assert found["difference"] == pytest.approx(0.08)
    assert found["absolute"] == pytest.approx(0.1)
    assert found["largest"] == pytest.approx(0.2)
    assert [point["at"] for point in found["points"]] == [1, 2]


def test_failures_are_counted_with_the_last_cause() -> None:
    failures = [{"message": "shadow failed", "at": at, "cause": cause} for at, cause in ((1, "slow"), (2, "missing"))]
    found = figures(failures)
    assert (found["failures"], found["cause"], found["events"], found["difference"]) == (2, "missing", 0, None)


def test_a_long_hour_has_at_most_300_points() -> None:
    found = figures([line(at, 1, 0.1) for at in range(1000)])
    assert len(found["points"]) == 250
    assert found["points"][-1]["at"] == 999
