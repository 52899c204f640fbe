"""What the emulator counts becomes one point per second."""

from __future__ import annotations

from typing import Any

import pytest

from harness.dashboard.points import Counter, quantile


def attempt(number: int, **more: Any) -> dict[str, Any]:
    latencies = {"12": 3, "1.4e+02": 1}
    ran = {
        "number": number,
        "stream": "in",
        "state": "succeeded",
        "records": 4,
        "init_ms": None,
        "iterator_age_ms": 7.0,
    }
    return ran | {"latencies_ms": latencies} | more


def answer(now: float, put: int, *attempts: dict[str, Any], began: float = 1.0) -> dict[str, Any]:
    return {
        "now": now,
        "began": began,
        "put": {"in": put, "out": put // 2},
        "discarded": {},
        "attempts": list(attempts),
    }


def test_what_happened_before_the_page_is_no_burst() -> None:
    counter = Counter()
    point = counter.point(answer(100.0, 5000, attempt(1), attempt(2)), "in", "out")
    assert (point.put, point.out, point.invocations, point.p50) == (0, 0, 0, None)
    assert counter.after == 2


def test_rates_and_latencies_are_of_the_time_since_the_last_point() -> None:
    counter = Counter()
    counter.point(answer(100.0, 10), "in", "out")
    point = counter.point(answer(102.0, 30, attempt(1), attempt(2, init_ms=900.0, iterator_age_ms=40.0)), "in", "out")
    assert (point.put, point.out, point.done) == (10.0, 5.0, 4.0)
    assert (point.invocations, point.cold, point.errors, point.batch, point.age) == (2, 1, 0, 4.0, 40.0)
    assert (point.p50, point.p99) == (12.0, 140.0)
    assert counter.totals["put"] == 20
    assert counter.totals["done"] == 8


def test_failures_throttles_and_other_streams() -> None:
    counter = Counter()
    counter.point(answer(100.0, 0), "in", "out")
    none: dict[str, Any] = {"latencies_ms": {}}
    attempts = [attempt(1, state="failed", **none), attempt(2, state="not invoked", **none), attempt(3, stream="other")]
    point = counter.point(answer(101.0, 0, *attempts), "in", "out")
    assert (point.invocations, point.errors, point.throttles, point.p50) == (1, 1, 1, None)


def test_another_localstack_counts_from_zero() -> None:
    counter = Counter()
    counter.point(answer(100.0, 500, attempt(9)), "in", "out")
    point = counter.point(answer(101.0, 6, attempt(1), began=2.0), "in", "out")
    assert (point.put, point.invocations, counter.after) == (6.0, 1, 1)


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.99, 9.0), (0.75, 2.0), (0.76, 9.0)])
def test_quantiles_of_counted_values(share: float, value: float) -> None:
    assert quantile({9.0: 1, 2.0: 2, 1.0: 1}, share) == value
    assert quantile({}, share) is None
