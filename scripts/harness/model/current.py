"""The model that a stack serves: trains or reuses it, and publishes it to the model bucket."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import console, paths
from harness.errors import HarnessError
from harness.machine.files import write_whole
from harness.model import shadow
from harness.pipeline import closure, code, definition
from harness.pipeline.definition import Pipeline
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRAIN_DEADLINE = 900.0
DEFAULT = Path("default")  # DATA=default
WAY_BACK = "To go back to the default data: make train DATA=default"
# What a training function has to return: text each. `model_dir` is a folder, `model_key` its prefix in the bucket.
RESULT = ("run_id", "model_dir", "model_key")
RESULT_KEYS = "a dict with the text values run_id, model_dir (a folder) and model_key (its prefix in the model bucket)"


@dataclass(frozen=True)
class Place:
    """Where models are logged, and which file names the current one.

    Attributes:
        memory: JSON file with the result of the last training.
        store: MLflow's folder; with a tracking server, the folder of the models downloaded from it.
        server: the tracking server's URL, or None.
    """

    memory: Path
    store: Path
    server: str | None


def has_server(runtime: str) -> bool:
    """Return whether a new stack gets a tracking server of its own: one in containers does, unless MLFLOW=0."""
    return runtime == DOCKER and _pipeline().has_model and os.environ.get("MLFLOW") != "0"


def place(stack: Stack | None) -> Place:
    """Return the checkout's MLflow folder, or a stack's tracking server, whose runs end with the stack."""
    if stack is None or not stack.mlflow_port:
        cache = _pipeline(stack).cache
        return Place(cache / "model.json", cache / "mlflow", None)
    return Place(*of_server(stack), stack.mlflow_url)


def _pipeline(stack: Stack | None = None) -> Pipeline:
    return definition.current() if stack is None else stack.pipeline


def of_server(stack: Stack) -> tuple[Path, Path]:
    """Return `memory` and `store` of a stack with its own tracking server."""
    return stack.folder / "model.json", stack.folder / "mlflow"


def current(stack: Stack | None) -> dict[str, Any]:
    """Return the model to serve: the promoted one, or the one trained since; otherwise train one.

    The new model uses the data of the last `make train`. A model is also trained again if the code that it is made from
    has changed (`code_hash`).

    Args:
        stack: serves the model; None for a stack without a tracking server.

    Returns:
        The training result, as `model.train` of the pipeline returned it; empty for a pipeline without a model.
    """
    pipeline = _pipeline(stack)
    if not pipeline.has_model:
        return {}
    if (promoted := _chosen()) is not None:
        return promoted
    chosen = _data(pipeline)
    if chosen:
        console.say(f"The model's data: {paths.shown(Path(chosen))}, from the last make train. {WAY_BACK}")
    result = _remembered(place(stack).memory, chosen)
    if result is not None and (Path(result["model_dir"]) / "MLmodel").is_file():
        return result
    if chosen and not Path(chosen).is_file():
        raise HarnessError(f"the training data of the last make train is gone: {chosen}", WAY_BACK)
    return train(Path(chosen) if chosen else None, stack)


def still_wanted(memory: Path) -> dict[str, Any] | None:
    """Return the result of a training if one now would make the same, and no model was promoted since; else None.

    Args:
        memory: JSON file with the result.
    """
    pipeline = definition.current()
    return None if _chosen_file(pipeline).exists() else _remembered(memory, _data(pipeline))


def _remembered(memory: Path, data: str) -> dict[str, Any] | None:
    """Return the result of a training with this data and today's code; None if there was none."""
    try:
        known = json.loads(memory.read_text())
        result: dict[str, Any] = known["result"]
        same = known["code"] == code_hash() and (known["data"] or "") == data
    except (OSError, ValueError, KeyError, TypeError):
        return None  # missing, or left incomplete by a killed run
    return result if same else None


def _data(pipeline: Pipeline) -> str:
    """Return the file of the last `make train`; empty for the default data."""
    file = _data_file(pipeline)
    return file.read_text() if file.exists() else ""


def train(data: Path | None, stack: Stack | None) -> dict[str, Any]:
    """Train a model and make it the current one.

    Args:
        data: file for the training function; None or `default` for the default data.
        stack: logs the model on its tracking server; None for a stack without one.

    Returns:
        The training result.

    Raises:
        HarnessError: the pipeline trains no model, the data is unusable, or the training failed.
    """
    pipeline, data, where, hashed = _pipeline(stack), _file(data), place(stack), code_hash()
    function = pipeline.file.model.train
    if function is None:
        raise pipeline.mistake(
            ["name"], f"the pipeline {pipeline.name} trains no model", 'set model.train = "module:function"'
        )
    log = paths.CACHE / "logs" / "train.log"
    log.unlink(missing_ok=True)
    with console.step(f"Train the model on {paths.shown(data) if data else 'the default data'}") as step:
        folders = {"mlflow_dir": where.store, "cache_dir": pipeline.cache / "data"}
        result = code.of(pipeline).run(
            ["model", "train"], function, folders | ({"data": data} if data else {}), tracking_uri=where.server,
            log=log, deadline=TRAIN_DEADLINE, on_line=lambda line: step.note(line.strip()),
        )  # fmt: skip
        _check_result(pipeline, result)
        step.result = _summary(result)
    remembered = {"code": hashed, "data": str(data) if data else None, "result": result}
    write_whole(where.memory, json.dumps(remembered, indent=2))
    write_whole(_data_file(pipeline), str(data or ""))
    _chosen_file(pipeline).unlink(missing_ok=True)
    shadow.end(pipeline)
    return dict(result)


def _check_result(pipeline: Pipeline, result: Any) -> None:
    """Check that a training function returned what publishing the model takes.

    Raises:
        HarnessError: a key is missing.
    """
    if not isinstance(result, dict):
        cause = f"model.train returned {result!r}"
    elif missing := [key for key in RESULT if type(result.get(key)) is not str]:
        cause = f"model.train returned a result without {', '.join(missing)}"
    else:
        return
    raise pipeline.mistake(["model", "train"], cause, f"it needs {RESULT_KEYS}")


def _summary(result: Mapping[str, Any]) -> str:
    """Return the first metric, version and run of a training result, as far as it has them."""
    metrics = [f"{name.upper()} {value:.3f}" for name, value in list(result.get("metrics", {}).items())[:1]]
    version = [f"version {result['model_version']}"] if "model_version" in result else []
    return ", ".join([*metrics, *version, f"run {result['run_id']}"])


def _data_file(pipeline: Pipeline) -> Path:
    return pipeline.cache / "training-data"


def _chosen_file(pipeline: Pipeline) -> Path:
    return pipeline.cache / "chosen-model.json"


def releases() -> Path:
    """Return the folder of the current pipeline's promoted models."""
    return _pipeline().cache / "releases"


def _file(data: Path | None) -> Path | None:
    """Return the file to train on; None for the default data.

    Raises:
        HarnessError: the file does not exist.
    """
    if data is None or (data == DEFAULT and not DEFAULT.exists()):
        return None
    file = data.expanduser().resolve()  # the training runs in another folder
    if not file.is_file():
        raise HarnessError(f"there is no file {file}", "name the CSV file: make train DATA=path/to/file.csv")
    return file


def known(run_id: str) -> dict[str, Any] | None:
    """Return the model of a run if this machine has it, promoted or trained last; otherwise None."""
    if (promoted := kept(run_id)) is not None:
        return promoted
    try:
        result: dict[str, Any] = json.loads(place(None).memory.read_text())["result"]
    except (OSError, ValueError, KeyError):
        return None
    return result if result["run_id"] == run_id and (Path(result["model_dir"]) / "MLmodel").is_file() else None


def kept(run_id: str) -> dict[str, Any] | None:
    """Return the promoted model of a run from `.cache/releases`, or None."""
    try:
        result: dict[str, Any] = json.loads((releases() / run_id / "result.json").read_text())
    except (OSError, ValueError):
        return None
    return result | {"model_dir": str(releases() / run_id / "model")}


def choose(run_id: str) -> None:
    """Make a promoted model the current one, until the next training.

    Args:
        run_id: a run whose model is kept (`kept`) and has passed the checks with the current code.
    """
    write_whole(_chosen_file(_pipeline()), json.dumps({"run_id": run_id, "code": code_hash()}))


def _chosen() -> dict[str, Any] | None:
    """Return the promoted model, or None; check it again if the code has changed since the last check.

    Raises:
        HarnessError: the model does not pass any more.
    """
    try:
        known = json.loads(_chosen_file(_pipeline()).read_text())
    except (OSError, ValueError):
        return None
    result = kept(known["run_id"])
    if result is None:
        raise HarnessError(
            f"the model that was promoted, run {known['run_id']}, is not kept any more",
            "promote one again (make promote MODEL=… STAGE=local), or train one: make train",
        )
    if known["code"] != code_hash():
        check(Path(result["model_dir"]), known["run_id"])
        choose(known["run_id"])
    return result


def check(folder: Path, run_id: str) -> dict[str, Any]:
    """Check that the pipeline's function can serve a model (`model.promote`).

    Args:
        folder: MLflow's model folder.
        run_id: the run that the model must belong to.

    Returns:
        What the check found out about it; added to its training result.

    Raises:
        HarnessError: it does not pass, or the pipeline does not say how to check models.
    """
    pipeline = _pipeline()
    function = pipeline.file.model.promote
    if function is None:
        raise pipeline.mistake(
            ["model"], f"the pipeline {pipeline.name} does not say how to check a model",
            'set model.promote = "module:function", which raises ValueError for a model that must not be served',
        )  # fmt: skip
    return dict(code.of(pipeline).call(["model", "promote"], function, {"folder": folder}, run_id=run_id) or {})


def publish(stack: Stack, result: dict[str, Any]) -> None:
    """Copy a model to the stack's bucket, in MLflow's layout.

    Args:
        stack: its outputs name the bucket.
        result: the training result of the model.
    """
    upload(Clients(stack).s3, bucket_of(stack), result)


def bucket_of(stack: Stack) -> str:
    """Return the name of a stack's model bucket.

    Raises:
        HarnessError: its pipeline names none.
    """
    if (bucket := stack.resources.model_bucket) is None:
        cause = "outputs.model_bucket is not set, but the pipeline trains a model"
        raise stack.pipeline.mistake(["outputs"], cause, "set it to the Terraform output with the bucket of models")
    return bucket


def upload(s3: S3Client, bucket: str, result: Mapping[str, Any]) -> None:
    """Copy a model to a bucket, in MLflow's layout.

    Args:
        s3: a client for the bucket.
        bucket: the model bucket.
        result: the training result of the model.
    """
    folder = Path(result["model_dir"])
    for file in files(folder):
        s3.upload_file(str(file), bucket, f"{result['model_key']}/{file.relative_to(folder).as_posix()}")


def files(folder: Path) -> list[Path]:
    """Return a model's files in the order in which to copy them.

    MLmodel comes last: if it is there, the function takes the model for complete.
    """
    return sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: (p.name == "MLmodel", p))


def code_hash() -> str:
    """Return the hash of what a model is made from besides its data.

    That is everything the training and the check of a model import from the pipeline, such as the features of the
    function. Code that only the function runs does not count: a model stays valid when a log line changes.
    """
    return install.digest([*sources(_pipeline()), paths.ROOT / "requirements.txt"])


def sources(pipeline: Pipeline) -> set[Path]:
    """Return the files of a pipeline that its model is made from and checked with."""
    roots = [pipeline.folder, *([pipeline.source] if pipeline.source else [])]
    functions = filter(None, (pipeline.file.model.train, pipeline.file.model.promote))
    return {file for name in functions for file in closure.files(name.partition(":")[0], roots)}
