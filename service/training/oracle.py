"""What the function must answer: MLflow predicts with the model on this machine, without stream or function."""

import datetime as dt
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any


def expected(events: Sequence[dict[str, Any]], model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers to valid events; `ledger.expected` of pipeline.toml.

    Args:
        events: parsed events.
        model: a training result; its `model_dir` has the MLflow model.
    """
    sales = _predict(model["model_dir"], events) if events else []
    return [
        {
            "model": "store_sales",
            "version": model["run_id"],
            "prediction": {"sales_prediction": value, "sales_id": event["sales_id"]},
        }
        for event, value in zip(events, sales, strict=True)
    ]


def _predict(model_dir: str, events: Sequence[dict[str, Any]]) -> list[float]:
    predictor, profiles = _load(model_dir)
    import numpy as np  # slow to import

    from store_sales.features import feature_matrix

    inputs = [event["sales_input"] for event in events]
    features = feature_matrix(
        [dt.date.fromisoformat(entry["date"]) for entry in inputs],
        [entry["store"] for entry in inputs],
        [entry["promo"] for entry in inputs],
        [entry["holiday"] for entry in inputs],
        profiles,
    )
    answer = predictor.predict(features)
    [values] = answer.values() if isinstance(answer, dict) else [answer]
    return [float(value) for value in np.maximum(np.asarray(values).reshape(len(inputs)), 0)]


@lru_cache(maxsize=2)
def _load(model_dir: str) -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on import MLflow warns about its own type hints
        import mlflow.pyfunc
    import onnx

    from store_sales.profiles import StoreProfiles

    metadata = {entry.key: entry.value for entry in onnx.load(Path(model_dir) / "model.onnx").metadata_props}
    return mlflow.pyfunc.load_model(model_dir), StoreProfiles.from_json(metadata["store_profiles"])
