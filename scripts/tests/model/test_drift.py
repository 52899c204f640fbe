"""The population stability index, its bins and its verdicts."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness.model import drift
from harness.model.evaluation import Distribution

EVEN = {"name": "colour", "path": "colour", "counts": {"red": 500, "blue": 500}}


def compared(values: list[Any], **known: Any) -> dict[str, Any]:
    return drift.compare(Distribution.model_validate({**EVEN, **known}), values)


def test_psi_is_that_of_the_definition() -> None:
    # (0.7 - 0.5) ln(0.7 / 0.5) + (0.3 - 0.5) ln(0.3 / 0.5), up to the half that is added to each count
    assert drift.psi([50_000, 50_000], [70_000, 30_000]) == pytest.approx(0.169460, abs=1e-4)
    assert drift.psi([10, 20, 30], [10, 20, 30]) == 0
    assert drift.psi([1000, 0], [0, 1000]) > 10  # and an empty bin is no division by 0


def test_what_chance_explains_is_the_chi_squared_quantile() -> None:
    for bins, quantile in ((2, 6.635), (5, 13.277), (10, 21.666), (11, 23.209)):
        assert drift.by_chance(bins, 10**9, 1000) == pytest.approx(quantile / 1000, rel=0.03)
    assert drift.by_chance(1, 10, 10) == drift.by_chance(5, 10, 0) == 0


@pytest.mark.parametrize(
    ("red", "events", "verdict"),
    [(50, 99, "few"), (500, 1000, "stable"), (640, 1000, "stable"), (700, 1000, "some"), (760, 1000, "large")],
)
def test_verdicts(red: int, events: int, verdict: str) -> None:
    found = compared(["red"] * red + ["blue"] * (events - red))
    assert (found["verdict"], found["events"]) == (verdict, events)


def test_few_events_of_many_values_are_no_drift_by_chance() -> None:
    chance = random.Random(1)
    counts = {str(store): 700 + store for store in range(1, 101)}
    found = compared([chance.randint(1, 100) for _ in range(150)], counts=counts)
    assert found["verdict"] == "stable"
    assert len(found["bins"]) == drift.MOST_BINS
    assert sum(each["training"] for each in found["bins"]) == pytest.approx(1)
    assert found["bins"][0]["name"].startswith("1 to ")
    assert compared([3] * 150, counts=counts)["verdict"] == "large"


def test_values_that_training_never_saw_have_a_bin_of_their_own() -> None:
    found = compared(["red"] * 40 + ["blue"] * 40 + ["green"] * 20 + [None] * 5)
    assert found["unknown"] == pytest.approx(20 / 105)
    assert [each["name"] for each in found["bins"]] == ["red", "blue", "not in training", "no value"]
    assert found["verdict"] == "large"


def test_numbers_fall_into_bins_by_their_edges() -> None:
    found = compared([-3, 1, 1.5, 2, 99, "2", True], edges=[1.0, 2.0], counts=[5, 5, 5])
    shares = {each["name"]: round(each["now"] * 7) for each in found["bins"]}
    assert shares == {"up to 1": 2, "1 to 2": 2, "over 2": 1, "not in training": 2}


def test_the_weekday_of_a_date_is_a_feature() -> None:
    counts = dict.fromkeys(("Monday", "Tuesday"), 5)
    found = compared(["2026-11-30", "2026-12-01T10:00:00Z", "2026-12-06", "never"], part="weekday", counts=counts)
    assert [(each["name"], each["now"]) for each in found["bins"]] == [
        ("Monday", 0.25), ("Tuesday", 0.25), ("not in training", 0.25), ("no value", 0.25)
    ]  # fmt: skip


def test_without_events_there_is_no_number() -> None:
    found = compared([])
    assert (found["psi"], found["chance"], found["verdict"], found["unknown"]) == (None, None, "few", 0)
