"""What the hold-out says of a model: errors as a whole and by group, and actual beside predicted values over time."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from harness.model.evaluation import HoldOut

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAY = "weekday"
MOST_POINTS, MOST_PARTS = 400, 100  # of a chart with time, and without

type Rows = Sequence[int]


def weekday(text: object) -> str | None:
    """Return the weekday of an ISO date or time; None if it is neither."""
    try:
        return WEEKDAYS[dt.date.fromisoformat(str(text)[:10]).weekday()]
    except ValueError:
        return None


def errors(found: HoldOut, rows: Rows | None = None) -> dict[str, Any]:
    """Return the figures of some rows, or of all.

    Returns:
        `rows`; `rmspe`, the root mean square percentage error, and `bias`, the mean relative error, as fractions over
        the rows whose actual value is not 0 (None if there are none); `mae`, the mean absolute error in the target's
        unit; `actual`, the mean of the actual values.
    """
    picked = range(len(found.actual)) if rows is None else rows
    pairs = [(found.actual[row], found.predicted[row]) for row in picked]
    relative = [(predicted - actual) / actual for actual, predicted in pairs if actual]
    return {
        "rows": len(pairs),
        "rmspe": math.sqrt(fmean(one * one for one in relative)) if relative else None,
        "bias": fmean(relative) if relative else None,
        "mae": fmean(abs(predicted - actual) for actual, predicted in pairs),
        "actual": fmean(actual for actual, _ in pairs),
    }


def by_group(found: HoldOut) -> list[dict[str, Any]]:
    """Return the errors of each value of each group; the weekday is one if the rows have dates."""
    return [
        {"name": name, "values": [{"value": value, **errors(found, rows)} for value, rows in _split(column).items()]}
        for name, column in _groups(found).items()
    ]


def over_time(found: HoldOut, group: str = "", value: str = "") -> dict[str, Any]:
    """Return what a chart of actual and predicted values shows.

    Args:
        found: the hold-out.
        group: shows only rows of one group's value; empty for all rows.
        value: the group's value.

    Returns:
        `points`: means of actual and predicted values and the number of rows, with `at` (ISO) in order of time; or, if
        rows have no time, with `at` as the share of rows whose actual value is no larger. `timed` tells which.
    """
    rows: Rows = _split(_groups(found).get(group, [])).get(value, []) if group else range(len(found.actual))
    if found.time:
        return {"timed": True, "points": _points(found, _by_time(found, rows))}
    ordered = sorted(rows, key=lambda row: found.actual[row])
    size = max(1, math.ceil(len(ordered) / MOST_PARTS))
    parts = [(str((at + len(part)) / len(ordered)), part) for at in range(0, len(ordered), size)
             if (part := ordered[at : at + size])]  # fmt: skip
    return {"timed": False, "points": _points(found, parts)}


def _by_time(found: HoldOut, rows: Rows) -> list[tuple[str, Rows]]:
    """Return the rows of each time, or of each day if there are too many times for a chart."""
    times = {found.time[row] for row in rows}
    letters = None if len(times) <= MOST_POINTS else 10
    column = [found.time[row][:letters] for row in rows]
    return sorted((at, [rows[number] for number in numbers]) for at, numbers in _split(column).items())


def _points(found: HoldOut, parts: Iterable[tuple[str, Rows]]) -> list[dict[str, Any]]:
    return [
        {
            "at": at,
            "actual": fmean(found.actual[row] for row in rows),
            "predicted": fmean(found.predicted[row] for row in rows),
            "rows": len(rows),
        }
        for at, rows in parts
    ]


def _groups(found: HoldOut) -> dict[str, Sequence[object]]:
    days = [weekday(text) for text in found.time]
    dated = bool(days) and None not in days and WEEKDAY not in found.groups
    return {**found.groups, **({WEEKDAY: days} if dated else {})}


def _split(column: Sequence[object]) -> dict[str, list[int]]:
    """Return the rows of each value of a column: numbers ascending, then weekdays, then other texts."""
    found: dict[object, list[int]] = {}
    for row, value in enumerate(column):
        found.setdefault(value, []).append(row)
    return {str(value): found[value] for value in sorted(found, key=_rank)}


def _rank(value: object) -> tuple[int, int, str]:
    if isinstance(value, int):
        return 0, value, ""
    return (1, WEEKDAYS.index(value), "") if value in WEEKDAYS else (2, 0, str(value))
