"""The figures of charts: bins of a histogram, rates over time, and where a line's points are drawn."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

from harness.reports.document import Grid

WIDTH, HEIGHT = 1000, 300  # of a chart's plot, in its own units; the page stretches it
_STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
_LIMITS = [0.0, *(step * 10.0**power for power in range(-1, 6) for step in _STEPS)]  # milliseconds
_WIDTHS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)  # seconds
_MOST_BINS = 60
_LABELS = 30  # more marks than this have no numbers, which would cover each other


def histogram(title: str, seconds: Sequence[float]) -> Grid:
    """Return the number of latencies by range, the ranges growing with the latency.

    Args:
        title: of the chart.
        seconds: the latencies.
    """
    # Below 0 if a clock was set back.
    counts = Counter(max(0, bisect_right(_LIMITS, each * 1000) - 1) for each in seconds)
    bins = range(min(counts), max(counts) + 1) if counts else range(0)
    rows = [(f"{_limit(at)} to {_limit(at + 1)}", counts[at]) for at in bins]
    return Grid(title, ("milliseconds", "events"), rows, bars=1)


def _limit(at: int) -> str:
    return f"{_LIMITS[at]:,.10g}" if at < len(_LIMITS) else "more"


def bin_width(seconds: float) -> float:
    """Return the width in seconds at which a duration has at most sixty bins."""
    return next((width for width in _WIDTHS if seconds / width <= _MOST_BINS), math.ceil(seconds / _MOST_BINS))


def rate(times: Sequence[float], seconds: float) -> list[tuple[float, float]]:
    """Return events per second over time: the start of each bin, and its rate.

    Args:
        times: seconds since the start, of each event.
        seconds: length of the time line.
    """
    width = bin_width(seconds)
    counts = Counter(int(time // width) for time in times)
    return [(round(at * width, 1), round(counts[at] / width, 1)) for at in range(int(seconds // width) + 1)]


def drawn(chart: dict[str, Any]) -> dict[str, Any]:
    """Return where the page draws a `Lines` section, given as in JSON.

    Returns:
        `lines`: the name of each line and its points as SVG has them; `marks`: left edge and width of each, in per
        cent, and its number or an empty text; `right`, `top`: the largest x and y.
    """
    points = [point for series in chart["series"] for point in series["points"]]
    right = max([x for x, _ in points] + [mark["until"] for mark in chart["marks"]], default=0.0) or 1.0
    top = max((y for _, y in points), default=0.0) or 1.0

    def line(points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x / right * WIDTH:.1f},{HEIGHT - y / top * HEIGHT:.1f}" for x, y in points)

    numbered = len(chart["marks"]) <= _LABELS
    return {
        "right": right,
        "top": top,
        "lines": [(series["name"], line(series["points"])) for series in chart["series"]],
        "marks": [
            (
                round(mark["at"] / right * 100, 2),
                round(max(0.2, (mark["until"] - mark["at"]) / right * 100), 2),
                str(number) if numbered else "",
            )
            for number, mark in enumerate(chart["marks"], 1)
        ],
    }


def shares(rows: Sequence[Sequence[Any]], column: int) -> list[float]:
    """Return the length of each row's bar, in per cent of the longest."""
    most = max((row[column] or 0 for row in rows), default=0) or 1
    return [round((row[column] or 0) / most * 100, 1) for row in rows]
