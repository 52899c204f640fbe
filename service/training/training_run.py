"""One training run: fit, export, evaluate the exported model, log."""

import json
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnx

from store_sales.features import FEATURE_NAMES
from store_sales.model import Model
from training.fitting import PARAMETERS, Fitted, baseline, fit, metrics
from training.golden import golden_batch, save
from training.model_card import Card, model_card
from training.onnx_export import to_onnx
from training.plot import save_plot
from training.splitting import Split, date_range
from training.store_profiles import RECENT_DAYS, SHRINKAGE_DAYS
from training.terminal import TrainingError, step
from training.tracking import LATEST_TRAINED, REGISTERED_NAME, LoggedModel, Store, log_model, register, start_run

PARITY_TOLERANCE = 1e-5
"""Largest relative difference between ONNX (float32 sums) and scikit-learn (float64 sums); float32 resolves 6e-8."""
EXAMPLE_ROWS = 5


def train_and_log(parts: Split, source: str, store: Store) -> dict[str, Any]:
    """Train and log; return what the caller needs to publish and check the model.

    Args:
        parts: the training data and the hold-out.
        source: description of the data, for the model card.
        store: where MLflow keeps the run.

    Raises:
        TrainingError: the ONNX file's predictions differ from the trained model's.
    """
    started = time.monotonic()
    with step("train") as note:
        fitted = fit(parts.training)
        note(f"{len(parts.training):,} open days of {len(fitted.profiles.stores):,} stores")
    fit_seconds = time.monotonic() - started
    with step("export to ONNX and compare"):
        model = to_onnx(fitted.trees, _metadata(fitted, parts))
        measured = {**_measure(parts, fitted, model), "fit_seconds": fit_seconds}
    with step("log to MLflow"):
        logged = _log(parts, fitted, model, measured, source, store)
    with step("register") as note:
        number = register(store, logged)
        note(f"{REGISTERED_NAME} version {number}, {LATEST_TRAINED}")
    return _result(logged, measured, fitted, parts) | {"model_version": number}


def _metadata(fitted: Fitted, parts: Split) -> dict[str, str]:
    return {
        "feature_names": json.dumps(FEATURE_NAMES),
        "store_profiles": fitted.profiles.to_json(),
        "date_range": json.dumps([day.isoformat() for day in date_range(parts.training)]),
    }


def _measure(parts: Split, fitted: Fitted, model: onnx.ModelProto) -> dict[str, float]:
    """Evaluate what will be served: the ONNX file, loaded by the function's own code."""
    features = fitted.features(parts.hold_out)
    served = Model(model.SerializeToString(), version="").run(features).astype(np.float64)
    difference = float(np.max(np.abs(served / fitted.predict(features) - 1)))
    if not difference <= PARITY_TOLERANCE:  # also when it is NaN
        raise TrainingError(
            f"the ONNX file predicts up to {difference:.1e} (relative) off the trained model's predictions, "
            f"but {PARITY_TOLERANCE:.0e} is allowed; do the versions of scikit-learn, onnx and onnxruntime match the "
            "lock file?"
        )
    simple = metrics(parts.hold_out.sales, baseline(parts.training, parts.hold_out))
    return {
        **metrics(parts.hold_out.sales, served),
        **{f"baseline_{name}": value for name, value in simple.items()},
        "onnx_max_relative_difference": difference,
    }


def _log(
    parts: Split, fitted: Fitted, model: onnx.ModelProto, measured: dict[str, float], source: str, store: Store
) -> LoggedModel:
    features = fitted.features(parts.hold_out)
    requirements = [f"{name}=={version(name)}" for name in ("numpy", "onnx", "onnxruntime")]
    with start_run(store, _parameters(parts, source)) as run, tempfile.TemporaryDirectory() as name:
        golden = save(golden_batch(fitted, parts.hold_out, PARITY_TOLERANCE), Path(name))
        logged = log_model(store, run, model, features[:EXAMPLE_ROWS], requirements, [golden])
        mlflow.log_metrics(measured, model_id=logged.model_id)
        plot = Path(name) / "predicted_vs_actual.png"
        save_plot(plot, parts.hold_out, fitted.predict(features), measured["rmspe"], measured["baseline_rmspe"])
        mlflow.log_artifact(str(plot))
        mlflow.log_text(model_card(Card(source, parts, fitted, measured), logged.run_id), "model_card.md")
    return logged


def _parameters(parts: Split, source: str) -> dict[str, object]:
    training, hold_out = date_range(parts.training), date_range(parts.hold_out)
    return {
        **PARAMETERS,
        "features": ",".join(FEATURE_NAMES),
        "recent_days": RECENT_DAYS,
        "shrinkage_days": SHRINKAGE_DAYS,
        "data": source,
        "training_rows": len(parts.training),
        "training_range": f"{training[0]} to {training[1]}",
        "hold_out_rows": len(parts.hold_out),
        "hold_out_range": f"{hold_out[0]} to {hold_out[1]}",
        "closed_days_left_out": parts.closed_days,
    }


def _result(logged: LoggedModel, measured: dict[str, float], fitted: Fitted, parts: Split) -> dict[str, Any]:
    return {
        "run_id": logged.run_id,
        "experiment_id": logged.experiment_id,
        "model_id": logged.model_id,
        "model_dir": str(logged.folder),
        "model_key": logged.key,
        "metrics": measured,
        "stores": list(fitted.profiles.stores),
        "date_range": [day.isoformat() for day in date_range(parts.training)],
    }
