"""The model that a stack serves: trains or reuses it, and publishes it to the model bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import console, paths
from harness.errors import CommandFailedError, HarnessError
from harness.machine import commands, environment
from harness.machine.files import write_whole
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import Stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TRAIN_DEADLINE = 900.0
DEFAULT = Path("default")  # DATA=default
WAY_BACK = "To go back to the default data: make train DATA=default"
UNUSABLE = 2  # exit status of the training when data or arguments cannot be used


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


def place(stack: Stack | None) -> Place:
    """Return the checkout's MLflow folder, or a stack's tracking server, whose runs end with the stack."""
    if stack is None or not stack.mlflow_port:
        return Place(paths.MODEL_FILE, paths.MLFLOW_DIR, None)
    return Place(*of_server(stack), stack.mlflow_url)


def of_server(stack: Stack) -> tuple[Path, Path]:
    """Return `memory` and `store` of a stack with its own tracking server."""
    return stack.folder / "model.json", stack.folder / "mlflow"


def current(stack: Stack | None) -> dict[str, Any]:
    """Return the model to serve: the promoted one, or the one trained since; otherwise train one.

    The new model uses the data of the last `make train`. A model is also trained again if the training's code has
    changed, because the function shares the code of the features.

    Args:
        stack: serves the model; None for a stack without a tracking server.

    Returns:
        The training result (see `service/training/train.py`).
    """
    if (promoted := _chosen()) is not None:
        return promoted
    chosen = paths.TRAINING_DATA.read_text() if paths.TRAINING_DATA.exists() else ""
    if chosen:
        console.say(f"The model's data: {paths.shown(Path(chosen))}, from the last make train. {WAY_BACK}")
    try:
        known = json.loads(place(stack).memory.read_text())
        same = known["code"] == _code() and (known["data"] or "") == chosen
        result: dict[str, Any] = known["result"]
        if same and (Path(result["model_dir"]) / "MLmodel").is_file():
            return result
    except (OSError, ValueError, KeyError, TypeError):
        pass  # missing, or left incomplete by a killed run
    if chosen and not Path(chosen).is_file():
        raise HarnessError(f"the training data of the last make train is gone: {chosen}", WAY_BACK)
    return train(Path(chosen) if chosen else None, stack)


def train(data: Path | None, stack: Stack | None) -> dict[str, Any]:
    """Train a model and make it the current one.

    Args:
        data: CSV file with the columns date,store,sales,promo,holiday; None or `default` for the default data.
        stack: logs the model on its tracking server; None for a stack without one.

    Returns:
        The training result.

    Raises:
        HarnessError: the data is unusable, or the training failed.
    """
    data = _file(data)
    where = place(stack)
    result_file = paths.CACHE / "training-result.json"
    result_file.unlink(missing_ok=True)
    log = paths.CACHE / "logs" / "train.log"
    log.unlink(missing_ok=True)
    code = _code()
    with console.step(f"Train the model on {paths.shown(data) if data else 'the default data'}") as step:
        command: list[str | Path] = [
            install.PYTHON, "-m", "training.train", *(["--data", str(data)] if data else []),
            *(["--tracking-uri", where.server] if where.server else []),
            "--mlflow-dir", where.store, "--cache-dir", paths.DATA_DIR, "--result", result_file,
        ]  # fmt: skip
        try:
            commands.run(
                command,
                cwd=paths.SERVICE,
                env=environment.clean(PYTHONUNBUFFERED="1"),
                log=log,
                deadline=TRAIN_DEADLINE,
                on_line=lambda line: step.note(line.strip()),
            )
        except CommandFailedError as error:
            raise _unusable(error) or error from None
        result: dict[str, Any] = json.loads(result_file.read_text())
        rmspe = result["metrics"]["rmspe"]
        step.result = "RMSPE {rmspe:.3f}, version {model_version}, run {run_id}".format(rmspe=rmspe, **result)
    remembered = {"code": code, "data": str(data) if data else None, "result": result}
    write_whole(where.memory, json.dumps(remembered, indent=2))
    write_whole(paths.TRAINING_DATA, str(data or ""))
    paths.CHOSEN_MODEL.unlink(missing_ok=True)
    return result


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
        result: dict[str, Any] = json.loads(paths.MODEL_FILE.read_text())["result"]
    except (OSError, ValueError, KeyError):
        return None
    return result if result["run_id"] == run_id and (Path(result["model_dir"]) / "MLmodel").is_file() else None


def kept(run_id: str) -> dict[str, Any] | None:
    """Return the promoted model of a run from `.cache/releases`, or None."""
    try:
        result: dict[str, Any] = json.loads((paths.RELEASES / run_id / "result.json").read_text())
    except (OSError, ValueError):
        return None
    return result | {"model_dir": str(paths.RELEASES / run_id / "model")}


def choose(run_id: str) -> None:
    """Make a promoted model the current one, until the next training.

    Args:
        run_id: a run whose model is kept (`kept`) and has passed the checks with the current code.
    """
    write_whole(paths.CHOSEN_MODEL, json.dumps({"run_id": run_id, "code": _code()}))


def _chosen() -> dict[str, Any] | None:
    """Return the promoted model, or None; check it again if the code has changed since the last check.

    Raises:
        HarnessError: the model does not pass any more.
    """
    try:
        known = json.loads(paths.CHOSEN_MODEL.read_text())
    except (OSError, ValueError):
        return None
    result = kept(known["run_id"])
    if result is None:
        raise HarnessError(
            f"the model that was promoted, run {known['run_id']}, is not kept any more",
            "promote one again (make promote MODEL=… STAGE=local), or train one: make train",
        )
    if known["code"] != _code():
        from harness.model import (
            checks,  # imports MLflow, which takes seconds, and most commands need no promoted model
        )

        checks.check(Path(result["model_dir"]), known["run_id"])
        choose(known["run_id"])
    return result


def _unusable(error: CommandFailedError) -> HarnessError | None:
    """Return the training's own message about unusable data or folders (exit status 2), in full."""
    start = error.output.find("error: ")
    if error.status != UNUSABLE or start < 0:
        return None
    return HarnessError(error.output[start:].removeprefix("error: ").rstrip(), "fix it, then train again")


def publish(stack: Stack, result: dict[str, Any]) -> None:
    """Copy a model to the stack's bucket, in MLflow's layout.

    Args:
        stack: its outputs name the bucket.
        result: the training result of the model.
    """
    upload(Clients(stack).s3, stack.outputs["model_bucket"], result)


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


def _code() -> str:
    files = [*(paths.SERVICE / "training").rglob("*"), *(paths.SERVICE / "store_sales").rglob("*")]
    sources = [file for file in files if file.suffix in (".py", ".md")]
    return install.digest([*sources, paths.ROOT / "requirements.txt"])
