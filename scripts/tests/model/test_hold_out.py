"""What the page shows of a hold-out."""

from __future__ import annotations

from typing import Any

import pytest

from harness.model import hold_out
from harness.model.evaluation import HoldOut

DAYS = ["2026-11-30", "2026-12-01", "2026-11-30", "2026-12-06"]  # Monday, Tuesday, Monday, Sunday
ROWS: dict[str, Any] = {"rows": 4, "actual": [100, 200, 0, 50], "predicted": [110, 180, 5, 50]}


def held(**more: Any) -> HoldOut:
    return HoldOut.model_validate({**ROWS, **more})


def test_relative_errors_leave_out_rows_without_an_actual_value() -> None:
    found = hold_out.errors(held())
    assert found["rmspe"] == pytest.approx((0.02 / 3) ** 0.5)
    assert found["bias"] == pytest.approx(0)
    assert (found["rows"], found["mae"], found["actual"]) == (4, 8.75, 87.5)
    assert hold_out.errors(held(), [2])["rmspe"] is None


def test_errors_by_group_and_weekday() -> None:
    groups = hold_out.by_group(held(time=DAYS, groups={"store": [10, 9, 10, 9]}))
    assert [group["name"] for group in groups] == ["store", "weekday"]
    assert [(each["value"], each["rows"]) for each in groups[0]["values"]] == [("9", 2), ("10", 2)]
    assert [(each["value"], each["rows"]) for each in groups[1]["values"]] == [
        ("Monday", 2), ("Tuesday", 1), ("Sunday", 1)
    ]  # fmt: skip
    assert groups[0]["values"][0]["bias"] == pytest.approx(-0.05)
    assert hold_out.by_group(held(time=["noon"] * 4)) == []


def test_means_over_time_of_all_rows_or_of_a_groups_value() -> None:
    found = held(time=DAYS, groups={"store": [10, 9, 10, 9]})
    shown = hold_out.over_time(found)
    assert shown["timed"]
    assert shown["points"][0] == {"at": "2026-11-30", "actual": 50, "predicted": 57.5, "rows": 2}
    assert [point["at"] for point in shown["points"]] == sorted(set(DAYS))
    assert [point["actual"] for point in hold_out.over_time(found, "store", "9")["points"]] == [200, 50]
    assert hold_out.over_time(found, "weekday", "Sunday")["points"][0]["rows"] == 1
    assert hold_out.over_time(found, "store", "77")["points"] == []
    assert hold_out.over_time(found, "nothing", "9")["points"] == []


def test_many_times_are_put_together_by_day() -> None:
    times = [f"2026-11-{1 + row // 60:02}T10:{row % 60:02}:00" for row in range(600)]
    found = HoldOut.model_validate({"rows": 600, "actual": [1] * 600, "predicted": [2] * 600, "time": times})
    assert [point["rows"] for point in hold_out.over_time(found)["points"]] == [60] * 10


def test_rows_without_time_are_in_order_of_their_actual_value() -> None:
    shown = hold_out.over_time(held())
    assert not shown["timed"]
    assert [point["actual"] for point in shown["points"]] == [0, 50, 100, 200]
    assert [point["at"] for point in shown["points"]] == ["0.25", "0.5", "0.75", "1.0"]
