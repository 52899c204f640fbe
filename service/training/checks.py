"""Checks that the function can serve a model, and that the model predicts what its training predicted."""

import json
import math
from pathlib import Path
from typing import Any

from mlflow.models import Model as Description
from mlflow.types import Schema, TensorSpec

from store_sales.decoding import parse_event
from store_sales.events import Event
from store_sales.features import FEATURE_NAMES
from store_sales.location import DESCRIPTION_FILE, MODEL_FILE
from store_sales.model import Model
from training.golden import FILE as GOLDEN_FILE
from training.terminal import CheckError
from training.training_run import PARITY_TOLERANCE

GOLDEN = Path("extra_files") / GOLDEN_FILE
LEAST_EVENTS = 10
RETRAIN = "train one with this checkout's code: make train"


def check(folder: Path, run_id: str) -> dict[str, Any]:
    """Check a model's folder with the function's own code; `model.promote` of pipeline.toml.

    Args:
        folder: MLflow's model folder.
        run_id: the run that the model must belong to.

    Returns:
        `stores` and `date_range` of its training data, as a training result has them.

    Raises:
        CheckError: the signature, the ONNX file or the golden batch is wrong.
    """
    model = load(folder, run_id)
    return {"stores": list(model.profiles.stores), "date_range": [day.isoformat() for day in model.date_range]}


def load(folder: Path, run_id: str) -> Model:
    """Check a model's folder, and return the model as the function loads it. As `check`."""
    _check_description(folder, run_id)
    try:
        model = Model((folder / MODEL_FILE).read_bytes(), run_id)
    except OSError as error:
        raise CheckError(f"the model of run {run_id} has no {MODEL_FILE}: {error.strerror}", RETRAIN) from None
    except ValueError as error:
        raise CheckError(f"the function cannot use the model of run {run_id}: {error}", RETRAIN) from None
    _check_golden(folder / GOLDEN, model)
    return model


def _check_description(folder: Path, run_id: str) -> None:
    try:
        description = Description.load(str(folder))
    except Exception as error:  # the exceptions of MLflow and its YAML parser have no common base
        cause = str(error).splitlines()[0]
        raise CheckError(f"the {DESCRIPTION_FILE} of run {run_id} cannot be read: {cause}", RETRAIN) from None
    if description.run_id != run_id:
        raise CheckError(
            f"{DESCRIPTION_FILE} names run {description.run_id}, not {run_id}: the function would not find the model",
            "log the model in the run that it is registered with",
        )
    signature = description.signature
    features = len(FEATURE_NAMES)
    takes = _tensors(signature and signature.inputs)
    gives = _tensors(signature and signature.outputs)
    if takes != [("float32", (-1, features))] or gives not in ([("float32", (-1,))], [("float32", (-1, 1))]):
        raise CheckError(
            f"the model of run {run_id} has the signature {_shown(takes)} -> {_shown(gives)}; the function passes "
            f"float32 [n, {features}] and expects float32 [n]",
            f"log it with that signature (docs/model.md), or {RETRAIN}",
        )


def _tensors(schema: Schema | None) -> list[tuple[str, tuple[int, ...]]]:
    specs = schema.inputs if schema else []
    return [(str(s.type), tuple(s.shape)) if isinstance(s, TensorSpec) else ("a column", ()) for s in specs]


def _shown(tensors: list[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{kind} {['n' if n < 0 else n for n in shape]}" for kind, shape in tensors) or "none"


def _check_golden(path: Path, model: Model) -> None:
    again = f"train it again: make train. The format is described under {GOLDEN_FILE} in docs/model.md"
    events, expected = _read_golden(path, model.version, again)
    answers = [prediction.sales for prediction in model.predict(events)]
    wrong = [
        (number, answer, right)
        for number, (answer, right) in enumerate(zip(answers, expected, strict=True))
        if not math.isclose(answer, right, rel_tol=PARITY_TOLERANCE)  # NaN is never close
    ]
    if wrong:
        number, answer, right = max(wrong, key=lambda one: abs(one[1] - one[2]))
        raise CheckError(
            f"the ONNX file of run {model.version} does not predict what its training predicted: {len(wrong)} of "
            f"{len(events)} golden events differ by more than {PARITY_TOLERANCE:.0e} (relative), "
            f"event {number} the most: {answer} instead of {right}",
            f"the file, the features or the runtime has changed since; {again}",
        )


def _read_golden(path: Path, run_id: str, again: str) -> tuple[list[Event], list[float]]:
    try:
        batch: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        events = [parse_event(json.dumps(event).encode()) for event in batch["events"]]
        expected = [float(value) for value in batch["predictions"]]
    except FileNotFoundError:
        raise CheckError(f"the model of run {run_id} has no golden batch ({GOLDEN})", again) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckError(f"the golden batch of run {run_id} cannot be read: {error!r}", again) from None
    valid = [event for event in events if isinstance(event, Event)]
    if len(valid) < len(events) or len(valid) != len(expected) or len(valid) < LEAST_EVENTS:
        raise CheckError(
            f"the golden batch of run {run_id} has {len(valid)} valid of {len(events)} events and {len(expected)} "
            f"predictions; it needs as many of each, at least {LEAST_EVENTS}",
            again,
        )
    return valid, expected
