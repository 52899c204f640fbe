"""A stack in containers gets the runs of the last training back, with their artifacts and registered versions."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from harness.local import besides, containers, kept_runs
from harness.machine import files
from harness.model import current as current_model
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

pytestmark = pytest.mark.local_only
EMPTY = "/opt/mlflow/empty.db"  # in the image: the database of a new server


@pytest.fixture
def registry(stack: Stack) -> Iterator[MlflowClient]:
    """A client of the stack's tracking server."""
    if stack.runtime != DOCKER:
        pytest.skip("without containers, MLflow's folder outlives stacks")
    mlflow.set_tracking_uri(stack.mlflow_url)
    yield MlflowClient()
    mlflow.set_tracking_uri(None)


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is the pipeline's own, and nothing is kept yet."""
    monkeypatch.setattr(kept_runs, "_folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(kept_runs, "_is_own", lambda _: True)


def _lose(stack: Stack, clients: Clients) -> None:
    """Leaves the tracking server as that of a new stack."""
    (container,) = containers.service(stack, "mlflow")
    read = subprocess.run(
        ["docker", "exec", str(container.id), "cat", EMPTY], capture_output=True, timeout=60, check=True
    )
    besides.put_mlflow(stack, read.stdout)
    for found in clients.s3.list_objects_v2(Bucket=kept_runs.BUCKET)["Contents"]:
        clients.s3.delete_object(Bucket=kept_runs.BUCKET, Key=found["Key"])
    for path in current_model.of_server(stack):
        files.remove(path)


def test_a_new_server_gets_the_runs_of_the_last_one(
    stack: Stack, clients: Clients, registry: MlflowClient, tmp_path: Path
) -> None:
    run = registry.get_run(stack.run_id)
    versions = [version.run_id for version in registry.search_model_versions()]
    model = files.tree_digest(path for path in Path(stack.model["model_dir"]).rglob("*") if path.is_file())
    # GIVEN the runs are kept
    kept_runs.keep(stack)
    new = replace(stack, mlflow_port=0)
    assert kept_runs.fit(new)
    # WHEN a new server takes them over
    _lose(stack, clients)
    with pytest.raises(MlflowException):
        registry.get_run(stack.run_id)
    kept_runs.take_model(stack)
    assert current_model.current(stack)["run_id"] == stack.run_id, "it is not trained again"
    with kept_runs.put_back(stack):
        pass
    # THEN it has the run, its files and its version, and nothing differs
    assert registry.get_run(stack.run_id).to_dictionary() == run.to_dictionary()
    assert [version.run_id for version in registry.search_model_versions()] == versions
    card = mlflow.artifacts.download_artifacts(run_id=stack.run_id, artifact_path="model_card.md", dst_path=tmp_path)
    assert "RMSPE" in Path(card).read_text()
    assert files.tree_digest(path for path in Path(stack.model["model_dir"]).rglob("*") if path.is_file()) == model


def test_runs_of_a_moved_checkout_are_not_taken_over(stack: Stack, registry: MlflowClient, tmp_path: Path) -> None:
    assert registry.get_run(stack.run_id)
    kept_runs.keep(stack)
    memory = tmp_path / "kept" / "model.json"
    memory.write_text(memory.read_text().replace(str(stack.folder), "/elsewhere"))
    assert not kept_runs.fit(stack)


def test_what_another_server_has_written_is_not_taken_over(
    stack: Stack, registry: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert registry.get_run(stack.run_id)
    kept_runs.keep(stack)
    monkeypatch.setattr(kept_runs, "_server", lambda: "of another version")
    assert not kept_runs.fit(stack)


def test_runs_that_cannot_be_put_back_are_reported_and_forgotten(
    stack: Stack, registry: MlflowClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert registry.get_run(stack.run_id)
    kept_runs.keep(stack)
    (tmp_path / "kept" / kept_runs.DATABASE).write_bytes(b"no database")
    with kept_runs.put_back(stack):
        pass
    assert "MLflow does not list the model's run; make train logs one" in capsys.readouterr().err
    assert not (tmp_path / "kept").exists()
    assert registry.get_run(stack.run_id), "the server has what it had"
