"""What the page shows of a model besides its metrics: the hold-out's rows, and the training data's distribution.

The function never reads it. docs/model.md describes the format, which serves models of any kind.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store_sales.features import calendar_features
from training.dataset import Dataset
from training.fitting import Floats

FILE = "evaluation.json"
MOST_ROWS = 10_000
DECILES = np.arange(0.1, 1, 0.1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def evaluation(hold_out: Dataset, measured: Floats, learned: Dataset, predicted: Floats) -> dict[str, Any]:
    """Return the evaluation as a JSON-ready dict.

    Args:
        hold_out: n days of sales, of which evenly spaced ones are kept if there are very many.
        measured: predictions for them, shape (n,), of the model that was measured.
        learned: m days of sales that the served model learned from.
        predicted: the served model's predictions for these, shape (m,).
    """
    rows = np.unique(np.linspace(0, len(hold_out) - 1, MOST_ROWS).astype(int))
    return {
        "format": 1,
        "target": "sales",
        "hold_out": {
            "rows": len(hold_out),
            "time": [str(day) for day in hold_out.dates[rows]],
            "groups": {"store": hold_out.stores[rows].tolist()},
            "actual": _short(hold_out.sales[rows]),
            "predicted": _short(measured[rows]),
        },
        "training": {
            "features": [
                {"name": "store", "path": "sales_input.store", "counts": _counts(learned.stores)},
                {"name": "promo", "path": "sales_input.promo", "counts": _counts(learned.promos)},
                {"name": "holiday", "path": "sales_input.holiday", "counts": _counts(learned.holidays)},
                {"name": "weekday", "path": "sales_input.date", "part": "weekday", "counts": _weekdays(learned)},
            ],
            "prediction": {"name": "sales", "path": "prediction.sales_prediction", **_deciles(predicted)},
        },
    }


def save(content: dict[str, Any], folder: Path) -> Path:
    """Write the evaluation to its file in the folder; return the path."""
    path = folder / FILE
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def _short(values: Floats) -> list[float]:
    """Return the values with seven digits, which is what float32 has."""
    return [float(f"{value:.7g}") for value in values]


def _counts(values: NDArray[np.int64]) -> dict[str, int]:
    found, counts = np.unique(values, return_counts=True)
    return dict(zip(map(str, found.tolist()), counts.tolist(), strict=True))


def _weekdays(days: Dataset) -> dict[str, int]:
    numbers = calendar_features(days.dates)["weekday"].astype(int)
    return dict(zip(WEEKDAYS, np.bincount(numbers, minlength=len(WEEKDAYS)).tolist(), strict=True))


def _deciles(values: Floats) -> dict[str, list[Any]]:
    """Return the limits between tenths of the values, and how many values are in each."""
    edges = np.unique(_short(np.quantile(values, DECILES)))
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "counts": counts.tolist()}
