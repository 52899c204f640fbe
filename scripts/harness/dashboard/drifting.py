"""Drift of the last events, and of their answers, against the training data of the model in use."""

from __future__ import annotations

from typing import Any

from harness.dashboard import model, records
from harness.dashboard.local import Local
from harness.model import drift
from harness.model.evaluation import Distribution, Training
from harness.pipeline import identity
from harness.streams import Read

MOST_EVENTS = 1_000
LIMITS = {"some": drift.SOME, "large": drift.LARGE, "least": drift.LEAST, "most": MOST_EVENTS}


def describe(local: Local) -> dict[str, Any]:
    """Compare the last events with the training data.

    Returns:
        `features` as `drift.compare` returns them, the predictions last; empty if the model has no evaluation. `since`
        and `until` are the times of the first and last of the `events`, in seconds since the epoch.
    """
    found = model.read(local, model.in_use(local).run_id) if local.stack.model else None
    known = found.training if found else Training()
    wanted = bool(known.features or known.prediction)
    events = records.newest(local, local.stack.resources.source_stream, MOST_EVENTS) if wanted else []
    return {
        "limits": LIMITS,
        "features": [drift.compare(each, _values(each, events)) for each in known.features]
        + _predictions(local, known),
        "events": len(events),
        "since": events[0].arrived if events else None,
        "until": events[-1].arrived if events else None,
    }


def _predictions(local: Local, known: Training) -> list[dict[str, Any]]:
    if known.prediction is None:
        return []
    answers = records.newest(local, local.stack.resources.output_stream, MOST_EVENTS)
    compared = drift.compare(known.prediction, _values(known.prediction, answers))
    return [compared | {"name": f"prediction: {known.prediction.name}"}]


def _values(known: Distribution, found: list[Read]) -> list[Any]:
    lookup = identity.lookup(known.path)
    return [lookup(records.parsed(record.data)) for record in found]
