"""Predicts with the model through MLflow on this machine, without stream or function."""

from __future__ import annotations

import datetime as dt
import json
import warnings
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any


def expectations(model: dict[str, Any]) -> Callable[[Sequence[bytes]], list[float | None]]:
    """Return the function that computes a ledger's expected predictions.

    Args:
        model: a training result; its `model_dir` has the MLflow model.

    Returns:
        A function from valid records to the sales predicted for each.
    """

    def expect(records: Sequence[bytes]) -> list[float | None]:
        return list(_predict(model["model_dir"], tuple(records))) if records else []

    return expect


def _predict(model_dir: str, records: tuple[bytes, ...]) -> list[float]:
    predictor, profiles = _load(model_dir)
    import numpy as np  # slow to import, and most commands need no model

    from store_sales.features import feature_matrix

    inputs = [json.loads(record)["sales_input"] for record in records]
    features = feature_matrix(
        [dt.date.fromisoformat(entry["date"]) for entry in inputs],
        [entry["store"] for entry in inputs],
        [entry["promo"] for entry in inputs],
        [entry["holiday"] for entry in inputs],
        profiles,
    )
    answer = predictor.predict(features)
    [values] = answer.values() if isinstance(answer, dict) else [answer]
    return [float(value) for value in np.maximum(np.asarray(values).reshape(len(records)), 0)]


@lru_cache(maxsize=2)
def _load(model_dir: str) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import MLflow warns about its own type hints
        import mlflow.pyfunc
    import onnx

    from store_sales.profiles import StoreProfiles

    metadata = {entry.key: entry.value for entry in onnx.load(Path(model_dir) / "model.onnx").metadata_props}
    return mlflow.pyfunc.load_model(model_dir), StoreProfiles.from_json(metadata["store_profiles"])
