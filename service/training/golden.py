"""The golden batch: a few dozen events with the answers that training computed, stored beside the model.

The answers come from the fitted scikit-learn trees in float64, not from the ONNX file. Comparing them with the answers
of the function's code and the ONNX file checks export, features and runtime at once (`harness.model.checks`).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from store_sales.features import feature_matrix
from training.dataset import Dataset
from training.fitting import Fitted

FILE = "golden_batch.json"
KNOWN, UNKNOWN = 30, 6
"""Number of evenly spaced rows of the hold-out, and how many of them are repeated for a store unknown to training."""


def golden_batch(fitted: Fitted, hold_out: Dataset, tolerance: float) -> dict[str, Any]:
    """Return the batch as a JSON-ready dict.

    Args:
        fitted: the model that answers the events.
        hold_out: n >= 1 days of sales to take events from.
        tolerance: largest relative difference at which an answer counts as equal.
    """
    rows = np.unique(np.linspace(0, len(hold_out) - 1, KNOWN).astype(int))
    picked = np.concatenate([rows, rows[:UNKNOWN]])
    stores = [int(store) for store in hold_out.stores[rows]]
    stores += [max(fitted.profiles.stores) + 1] * len(rows[:UNKNOWN])
    dates, promos, holidays = hold_out.dates[picked], hold_out.promos[picked], hold_out.holidays[picked]
    features = feature_matrix(dates, stores, promos, holidays, fitted.profiles)
    events = [
        {
            "sales_input": {"date": str(date), "store": store, "promo": int(promo), "holiday": int(holiday)},
            "sales_id": f"golden-{number}",
        }
        for number, (date, store, promo, holiday) in enumerate(zip(dates, stores, promos, holidays, strict=True))
    ]
    return {"tolerance": tolerance, "events": events, "predictions": fitted.predict(features).tolist()}


def save(batch: dict[str, Any], folder: Path) -> Path:
    """Write the batch to its file in the folder; return the path."""
    path = folder / FILE
    path.write_text(json.dumps(batch, indent=1) + "\n", encoding="utf-8")
    return path
