"""Keeps the last training that a pipeline's own stack in containers has logged: its tracking server ends with it.

The next stack gets the runs back, unless its model has to be made from something else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import BotoCoreError, ClientError

from harness import console, paths
from harness.errors import HarnessError
from harness.local import besides, containers
from harness.machine import files
from harness.model import current as current_model
from harness.pipeline import definition
from harness.setup import install
from harness.stack.clients import Clients
from harness.stack.state import Stack

BUCKET = "mlflow-artifacts"  # docker-compose.yml
DATABASE, ARTIFACTS, SERVER = "mlflow.db", "artifacts", "server"


def _folder() -> Path:
    return definition.current().cache / "kept-runs"


def fit(stack: Stack) -> bool:
    """Return whether runs are kept that a new stack can have: its model is one of them.

    Args:
        stack: has not started yet.
    """
    kept = _folder()
    if not _is_own(stack) or not current_model.has_server(stack.runtime):
        return False
    if not (kept / SERVER).is_file() or (kept / SERVER).read_text() != _server():
        return False
    memory, store = current_model.of_server(stack)
    result = current_model.still_wanted(kept / memory.name)
    return result is not None and Path(result["model_dir"]).is_relative_to(store)  # else the checkout was moved


def take_model(stack: Stack) -> None:
    """Make the model of the kept runs the stack's current one, before anything asks for it."""
    memory, store = current_model.of_server(stack)
    shutil.copytree(_folder() / store.name, store, dirs_exist_ok=True)
    shutil.copy(_folder() / memory.name, memory)


@contextmanager
def put_back(stack: Stack) -> Iterator[None]:
    """Give the stack's tracking server the kept runs beside what the block does; warn if it does not take them."""
    with ThreadPoolExecutor(1) as beside:
        putting = beside.submit(_put_back, stack)
        yield
        with (
            _optional("MLflow does not list the model's run; make train logs one"),
            console.step("Put the runs back in MLflow") as step,
        ):
            putting.result()
            step.result = stack.mlflow_url


def _put_back(stack: Stack) -> None:
    containers.wait_until_healthy(stack)
    s3, artifacts = Clients(stack).s3, _folder() / ARTIFACTS
    for file in current_model.files(artifacts):
        s3.upload_file(str(file), BUCKET, file.relative_to(artifacts).as_posix())
    besides.put_mlflow(stack, (_folder() / DATABASE).read_bytes())


def keep(stack: Stack) -> None:
    """Keep the stack's runs, if it has trained since they were kept; warn if they cannot be read."""
    memory, kept = current_model.of_server(stack)[0], _folder()
    if not _is_own(stack) or not stack.mlflow_port or not memory.is_file():
        return
    if (kept / SERVER).is_file() and (kept / memory.name).read_text() == memory.read_text():
        return
    _forget()
    with _optional("the next stack trains its model anew"):
        _save(stack, kept)


def _save(stack: Stack, kept: Path) -> None:
    memory, store = current_model.of_server(stack)
    kept.mkdir(parents=True)
    s3 = Clients(stack).s3
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for found in page.get("Contents", []):
            target = kept / ARTIFACTS / found["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(BUCKET, found["Key"], str(target))
    (kept / DATABASE).write_bytes(besides.mlflow(stack))
    shutil.copytree(store, kept / store.name)
    shutil.copy(memory, kept)
    files.write_whole(kept / SERVER, _server())  # last: it says that the rest is there


@contextmanager
def _optional(consequence: str) -> Iterator[None]:
    """Warn of an error: the pipeline does without these runs."""
    try:
        yield
    except (HarnessError, BotoCoreError, ClientError, S3UploadFailedError, OSError) as error:
        _forget()
        console.warn(f"{consequence} ({error})")


def _forget() -> None:
    (_folder() / SERVER).unlink(missing_ok=True)
    files.remove(_folder())


def _is_own(stack: Stack) -> bool:
    return stack.name == definition.current().stack_name


def _server() -> str:
    """Return what the database's form depends on."""
    return install.digest(paths.mlflow_sources())
