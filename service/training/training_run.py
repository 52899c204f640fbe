"""One training run: choose the trees' shape, fit, export, evaluate, fit again on all data, log."""

import json
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import onnx

from store_sales.features import FEATURE_NAMES
from store_sales.model import Model
from training import evaluation
from training.dataset import Dataset
from training.fitting import Fitted, Floats, baseline, fit, metrics
from training.golden import golden_batch, save
from training.model_card import Card, model_card
from training.onnx_export import to_onnx
from training.plot import save_plot
from training.shapes import Choice, choose
from training.splitting import Split, date_range
from training.store_profiles import RECENT_DAYS, SHRINKAGE_DAYS
from training.terminal import TrainingError, step
from training.tracking import LATEST_TRAINED, REGISTERED_NAME, LoggedModel, Store, log_model, register, start_run

PARITY_TOLERANCE = 1e-5
"""Largest relative difference between ONNX (float32 sums) and scikit-learn (float64 sums); float32 resolves 6e-8."""
EXAMPLE_ROWS = 5


@dataclass(frozen=True)
class Run:
    """What a run has made.

    Attributes:
        parts: the data.
        source: description of the data.
        choice: the trees' shape.
        before: the model that learned from the days before the hold-out, and was measured on it.
        served: the model that learned from all days.
        model: `served` as ONNX.
        answers: of `model` for all days.
        measured: metrics of `before`, and of how well `model` agrees with `served`.
    """

    parts: Split
    source: str
    choice: Choice
    before: Fitted
    served: Fitted
    model: onnx.ModelProto
    answers: Floats
    measured: dict[str, float]


def train_and_log(parts: Split, source: str, store: Store) -> dict[str, Any]:
    """Train and log; return what the caller needs to publish and check the model.

    Args:
        parts: the training data and the hold-out.
        source: description of the data, for the model card.
        store: where MLflow keeps the run.

    Raises:
        TrainingError: the ONNX file's predictions differ from the trained model's.
    """
    choice = choose(parts.training)
    with step("train and measure") as note:
        before = fit(parts.training, choice.parameters)
        measured = _measure(parts, before, to_onnx(before.trees, _metadata(before, parts.training)))
        note(f"{len(parts.training):,} open days of {len(before.profiles.stores):,} stores")
    started = time.monotonic()
    with step("train on all days") as note:
        served = fit(parts.open_days, choice.parameters)
        note(f"{len(parts.open_days):,} open days of {len(served.profiles.stores):,} stores")
    measured["fit_seconds"] = time.monotonic() - started
    with step("export to ONNX and compare"):
        model = to_onnx(served.trees, _metadata(served, parts.open_days))
        answers, measured["onnx_max_relative_difference"] = _answers(parts.open_days, served, model)
    run = Run(parts, source, choice, before, served, model, answers, measured)
    with step("log to MLflow"):
        logged = _log(run, store)
    with step("register") as note:
        number = register(store, logged)
        note(f"{REGISTERED_NAME} version {number}, {LATEST_TRAINED}")
    return _result(run, logged) | {"model_version": number}


def _metadata(fitted: Fitted, learned: Dataset) -> dict[str, str]:
    return {
        "feature_names": json.dumps(FEATURE_NAMES),
        "store_profiles": fitted.profiles.to_json(),
        "date_range": json.dumps([day.isoformat() for day in date_range(learned)]),
    }


def _measure(parts: Split, fitted: Fitted, model: onnx.ModelProto) -> dict[str, float]:
    """Evaluate an ONNX file on the hold-out, loaded by the function's own code."""
    served, _ = _answers(parts.hold_out, fitted, model)
    simple = metrics(parts.hold_out.sales, baseline(parts.training, parts.hold_out))
    return {
        **metrics(parts.hold_out.sales, served),
        **{f"baseline_{name}": value for name, value in simple.items()},
    }


def _answers(data: Dataset, fitted: Fitted, model: onnx.ModelProto) -> tuple[Floats, float]:
    """Return the ONNX file's predictions, shape (n,), and their largest relative difference from the trained model's.

    Raises:
        TrainingError: the difference is too large.
    """
    features = fitted.features(data)
    served = Model(model.SerializeToString(), version="").run(features).astype(np.float64)
    difference = float(np.max(np.abs(served / fitted.predict(features) - 1)))
    if not difference <= PARITY_TOLERANCE:  # also when it is NaN
        raise TrainingError(
            f"the ONNX file predicts up to {difference:.1e} (relative) off the trained model's predictions, "
            f"but {PARITY_TOLERANCE:.0e} is allowed; do the versions of scikit-learn, onnx and onnxruntime match the "
            "lock file?"
        )
    return served, difference


def _log(made: Run, store: Store) -> LoggedModel:
    hold_out, measured = made.parts.hold_out, made.measured
    features = made.served.features(hold_out)
    requirements = [f"{name}=={version(name)}" for name in ("numpy", "onnx", "onnxruntime")]
    with start_run(store, _parameters(made)) as run, tempfile.TemporaryDirectory() as name:
        predicted = made.before.predict(made.before.features(hold_out))
        judged = evaluation.evaluation(hold_out, predicted, made.parts.open_days, made.answers)
        golden = save(golden_batch(made.served, hold_out, PARITY_TOLERANCE), Path(name))
        extra = [golden, evaluation.save(judged, Path(name))]
        logged = log_model(store, run, made.model, features[:EXAMPLE_ROWS], requirements, extra)
        mlflow.log_metrics(measured, model_id=logged.model_id)
        plot = Path(name) / "predicted_vs_actual.png"
        save_plot(plot, hold_out, predicted, measured["rmspe"], measured["baseline_rmspe"])
        mlflow.log_artifact(str(plot))
        card = Card(made.source, made.parts, made.choice, made.served, measured)
        mlflow.log_text(model_card(card, logged.run_id), "model_card.md")
    return logged


def _parameters(made: Run) -> dict[str, object]:
    learned, hold_out = date_range(made.parts.open_days), date_range(made.parts.hold_out)
    return {
        **made.choice.parameters,
        "features": ",".join(FEATURE_NAMES),
        "recent_days": RECENT_DAYS,
        "shrinkage_days": SHRINKAGE_DAYS,
        "data": made.source,
        "training_rows": len(made.parts.open_days),
        "training_range": f"{learned[0]} to {learned[1]}",
        "hold_out_rows": len(made.parts.hold_out),
        "hold_out_range": f"{hold_out[0]} to {hold_out[1]}",
        "closed_days_left_out": made.parts.closed_days,
    }


def _result(made: Run, logged: LoggedModel) -> dict[str, Any]:
    return {
        "run_id": logged.run_id,
        "experiment_id": logged.experiment_id,
        "model_id": logged.model_id,
        "model_dir": str(logged.folder),
        "model_key": logged.key,
        "metrics": made.measured,
        "stores": list(made.served.profiles.stores),
        "date_range": [day.isoformat() for day in date_range(made.parts.open_days)],
    }
