"""The model a stack serves: trained or reused, and published to the model bucket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from harness import commands, console, paths, setup
from harness.clients import Clients
from harness.errors import HarnessError
from harness.stack import Stack

TRAIN_DEADLINE = 900.0


def current() -> dict[str, Any]:
    """The model to serve: the last one trained, or one trained now on the default data.

    A model is trained again when the code it was made by has changed, since features are shared with the function.

    Returns:
        The training result (see `service/training/train.py`).
    """
    try:
        known = json.loads(paths.MODEL_FILE.read_text())
    except (OSError, ValueError):
        return train(None)
    if known["code"] == _code() and (Path(known["result"]["model_dir"]) / "MLmodel").is_file():
        result: dict[str, Any] = known["result"]
        return result
    return train(Path(known["data"]) if known["data"] else None)


def train(data: Path | None) -> dict[str, Any]:
    """Trains a model and makes it the current one.

    Args:
        data: CSV file with the columns date,store,sales,promo,holiday; the default data when None.

    Returns:
        The training result.

    Raises:
        HarnessError: the data are not usable, or the training failed.
    """
    if data is not None and not data.is_file():
        raise HarnessError(f"there is no file {data}", "name the CSV file: make train DATA=path/to/file.csv")
    result_file = paths.CACHE / "training-result.json"
    result_file.unlink(missing_ok=True)
    log = paths.CACHE / "logs" / "train.log"
    log.unlink(missing_ok=True)
    code = _code()
    with console.step(f"Train the model on {paths.shown(data) if data else 'the default data'}") as step:
        commands.run(
            [
                setup.PYTHON, "-m", "training.train", *(["--data", str(data)] if data else []),
                "--mlflow-dir", paths.MLFLOW_DIR, "--cache-dir", paths.DATA_DIR, "--result", result_file,
            ],
            cwd=paths.SERVICE, env=commands.clean_environment(PYTHONUNBUFFERED="1"),
            log=log, deadline=TRAIN_DEADLINE, on_line=step.note,
            next_step="mend the data and train again" if data else f"the whole output is in {paths.shown(log)}",
        )  # fmt: skip
        result: dict[str, Any] = json.loads(result_file.read_text())
        step.result = "RMSPE {rmspe:.3f}, run {run_id}".format(rmspe=result["metrics"]["rmspe"], **result)
    remembered = {"code": code, "data": str(data.resolve()) if data else None, "result": result}
    paths.MODEL_FILE.write_text(json.dumps(remembered, indent=2))
    return result


def publish(stack: Stack) -> None:
    """Copies the stack's model to its bucket, in MLflow's own layout.

    Args:
        stack: names the model and, by its outputs, the bucket.
    """
    folder = Path(stack.model["model_dir"])
    client = Clients(stack).s3
    # MLmodel last: the function takes its presence for a complete model.
    for file in sorted((p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.name == "MLmodel"):
        key = f"{stack.model['model_key']}/{file.relative_to(folder).as_posix()}"
        client.upload_file(str(file), stack.outputs["model_bucket"], key)


def _code() -> str:
    files = [*(paths.SERVICE / "training").glob("**/*.py"), *(paths.SERVICE / "store_sales").glob("features.py")]
    return setup.digest([*files, paths.ROOT / "requirements.txt"])
