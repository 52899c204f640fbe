"""The shadow model against the live one: what the function's log says of both, and their errors on the hold-out.

A function logs a line for each batch, which docs/rollout.md describes; CloudWatch makes metrics from the same line.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from statistics import fmean
from typing import Any

from harness.dashboard import model
from harness.dashboard.local import Local
from harness.dashboard.model import InUse
from harness.dashboard.records import parsed
from harness.errors import HarnessError

COMPARED, FAILED = "shadow compared", "shadow failed"
PERIOD_SECONDS = 3600
MOST_PAGES = 20
MOST_POINTS = 300

type Line = dict[str, Any]


def describe(local: Local) -> dict[str, Any]:
    """Return the shadow's figures of the last hour; `run_id` is None if the live function has no shadow model."""
    now = model.in_use(local)
    if not now.shadow:
        return {"run_id": None}
    lines = [line for line in _lines(local) if line.get("shadow_version") == now.shadow]
    return {"run_id": now.shadow, "live": now.run_id, **figures(lines), "hold_out": _hold_outs(local, now)}


def figures(lines: Sequence[Line]) -> dict[str, Any]:
    """Return the figures of log lines of one shadow model, oldest first.

    Returns:
        `events` and `batches` compared; `difference`, `absolute` and `largest`: mean, mean absolute and largest
        difference of the shadow's predictions from the live ones, as fractions of these, None if nothing was compared;
        `not_finite` predictions; the number of `failures` and the last one's `cause`; `milliseconds`, a batch's mean;
        and `points` with `at`, `difference` and `absolute`.
    """
    compared = [line for line in lines if line["message"] == COMPARED]
    differing = [line for line in compared if "ShadowMeanRelativeDifference" in line]
    failures = [line for line in lines if line["message"] == FAILED]
    durations = [line["ShadowDuration"] for line in compared if "ShadowDuration" in line]
    return {
        "events": sum(_events(line) for line in compared),
        "batches": len(compared),
        "difference": _weighed(differing, "ShadowMeanRelativeDifference"),
        "absolute": _weighed(differing, "ShadowMeanAbsoluteRelativeDifference"),
        "largest": max((line.get("ShadowMaxAbsoluteRelativeDifference", 0) for line in differing), default=None),
        "not_finite": sum(line.get("ShadowNotFinite", 0) for line in compared),
        "failures": len(failures),
        "cause": failures[-1].get("cause") if failures else None,
        "milliseconds": fmean(durations) if durations else None,
        "points": _points(differing),
    }


def _events(line: Line) -> int:
    return int(line.get("ShadowEvents", 0))


def _weighed(lines: Sequence[Line], name: str) -> float | None:
    """Return the mean over events; each line has a mean over those of its batch."""
    weights = sum(_events(line) for line in lines)
    return sum(line.get(name, 0) * _events(line) for line in lines) / weights if weights else None


def _points(lines: Sequence[Line]) -> list[dict[str, Any]]:
    size = -(-len(lines) // MOST_POINTS) or 1
    parts = [lines[at : at + size] for at in range(0, len(lines), size)]
    return [
        {
            "at": part[-1]["at"],
            "difference": _weighed(part, "ShadowMeanRelativeDifference"),
            "absolute": _weighed(part, "ShadowMeanAbsoluteRelativeDifference"),
        }
        for part in parts
    ]


def _lines(local: Local) -> list[Line]:
    """Return the log lines about shadow models, oldest first, with their time as `at`."""
    found = [line for message in (COMPARED, FAILED) for event in _logged(local, message) if (line := _line(event))]
    return sorted(found, key=lambda line: float(line["at"]))


def _logged(local: Local, text: str) -> Iterator[Any]:
    where: Any = {"logGroupName": local.log_group, "startTime": int((time.time() - PERIOD_SECONDS) * 1000)}
    pages = local.logs.get_paginator("filter_log_events").paginate(**where, filterPattern=f'"{text}"')
    try:
        for page in islice(pages, MOST_PAGES):
            yield from page["events"]
    except local.logs.exceptions.ResourceNotFoundException:
        return  # the function was never invoked


def _line(event: Any) -> Line | None:
    """Return a log line as JSON with its time; None for another one that only contains the words."""
    found = parsed(event["message"])
    about = isinstance(found, dict) and found.get("message") in (COMPARED, FAILED)
    return found | {"at": event["timestamp"] / 1000} if about else None


def _hold_outs(local: Local, now: InUse) -> list[dict[str, Any]]:
    """Return what the hold-outs of both models say, as far as they have one."""
    found = []
    for role, run_id in (("live", now.run_id), ("shadow", now.shadow)):
        try:
            read = model.read(local, run_id)
        except HarnessError:  # the view of the live model says why
            continue
        if read and (held := model.summary(read)):
            found.append({"role": role, **held})
    return found
