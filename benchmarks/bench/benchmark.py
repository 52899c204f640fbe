"""The whole benchmark: one target at a time, so that none disturbs another's measurement."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.bench import measure, report
from benchmarks.bench.measure import Result
from benchmarks.bench.targets import Target
from harness import console, reports
from harness.errors import HarnessError
from harness.paths import shown

EVENTS = (10_000, 100_000)


def run(targets: Sequence[Target], counts: Sequence[int]) -> None:
    """Measures, prints a table and writes JSON.

    Args:
        targets: measured in this order.
        counts: events of each throughput measurement, ascending.

    Raises:
        HarnessError: our pipeline lost an event, predicted one wrongly, or could not be measured.
    """
    measure.LOG.unlink(missing_ok=True)
    started = time.monotonic()
    results: list[Result] = []
    try:
        for target in targets:
            results.append(Result(target))
            measure.measure(results[-1], counts)
            report.write(results)
    finally:  # an interrupted run shows its results so far
        report.write(results)
        report.show(results, counts)
        reports.publish(report.page(results, counts))
    console.say(f"measured in {time.monotonic() - started:.0f} s")
    if faults := [f"{result.target.title}: {fault}" for result in results for fault in report.our_faults(result)]:
        raise HarnessError("\n".join(faults), f"read {shown(measure.LOG)}")


def event_counts(text: str) -> list[int]:
    """Parses a comma-separated list of event counts; an empty list means the defaults.

    Raises:
        HarnessError: a count is not an integer above 0.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isascii() and word.isdigit() and int(word) > 0 for word in words):
        raise HarnessError(f"EVENTS={text} is not a list of integers above 0", "for example: EVENTS=10000,100000")
    return sorted({int(word) for word in words}) or list(EVENTS)
