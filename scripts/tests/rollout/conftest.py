"""A real registry of the two trained models, and a real LocalStack with a stage's files."""

from __future__ import annotations

import json
import os
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest

from harness import paths
from harness.local import localstack
from harness.machine import files, ports
from harness.rollout import model_versions as registries
from harness.rollout.model_versions import Registry
from harness.stack.state import Stack
from harness.stages import stage as stages
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.terraform.working_copy import working_copy
from training.tracking import REGISTERED_NAME, Store

REGION = "ap-south-1"
TFVARS = """\
# The stage. run_id = "in a comment"
project_id          = "stg"
aws_region          = "ap-south-1"
allowed_account_ids = ["000000000000"]
model_bucket        = "models" # unique in all of AWS
live_version        = "7"
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the local account's credentials and remove every other AWS variable."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "MLFLOW_TRACKING")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(autouse=True)
def own_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own record of models."""
    monkeypatch.setattr(paths, "CACHE", tmp_path / "cache")
    (tmp_path / "cache").mkdir()


@pytest.fixture(scope="session")
def known(trained: list[dict[str, Any]]) -> list[Registry]:
    """The registry of the two models."""
    folder = Path(trained[0]["model_dir"]).parents[3]
    return [Registry(Store(folder).uri, "the test's MLflow")]


@pytest.fixture
def edited(
    known: list[Registry], trained: list[dict[str, Any]], tmp_path: Path
) -> Iterator[Callable[[Callable[[Path], object]], str]]:
    """A function that registers a changed copy of the first model and returns its version; takes the change."""
    client, made = known[0].client, []

    def make(edit: Callable[[Path], object]) -> str:
        folder = tmp_path / "edited"
        shutil.copytree(trained[0]["model_dir"], folder)
        edit(folder)
        with registries.explained(known[0]):
            version = client.create_model_version(REGISTERED_NAME, folder.as_uri(), trained[0]["run_id"])
        made.append(str(version.version))
        return made[-1]

    yield make
    for number in made:
        client.delete_model_version(REGISTERED_NAME, number)


@pytest.fixture
def aliases(known: list[Registry]) -> Callable[[], dict[str, str]]:
    """A function that returns the registry's current aliases with their versions."""
    client: mlflow.MlflowClient = known[0].client

    def read() -> dict[str, str]:
        with registries.explained(known[0]):
            found = client.get_registered_model(REGISTERED_NAME).aliases
        return {alias: str(version) for alias, version in found.items()}

    return read


@pytest.fixture(scope="session")
def emulator() -> Iterator[Stack]:
    """A separate LocalStack with fault injection."""
    stack = Stack(f"rollout-{os.getpid()}", "stg", ports.free_ports(1)[0])
    try:
        localstack.start(stack)
        yield stack
    finally:
        localstack.stop(stack)
        files.remove(stack.folder)


@dataclass
class Deployment:
    """A stage's files, and its account on LocalStack."""

    stage: Stage
    access: Access
    emulator: Stack

    @property
    def tfvars(self) -> str:
        """The text of the stage's variables file."""
        return self.stage.vars_file.read_bytes().decode()

    def objects(self) -> dict[str, bytes]:
        """Return everything in the model bucket, by key."""
        s3 = self.access.client("s3")
        listed = s3.list_objects_v2(Bucket="models-stg").get("Contents", [])
        return {one["Key"]: s3.get_object(Bucket="models-stg", Key=one["Key"])["Body"].read() for one in listed}

    def inject(self, *rules: dict[str, Any]) -> None:
        """Set the active faults; no rule clears them."""
        body = json.dumps({"rules": rules}).encode()
        request = urllib.request.Request(f"{self.emulator.endpoint_url}/_pipeline/faults", body, method="PUT")
        urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def deployment(emulator: Stack, tmp_path: Path) -> Iterator[Deployment]:
    """A stage with its files, in an account without buckets."""
    folder = working_copy(tmp_path / "infrastructure")
    (folder / "vars" / "stg.tfvars").write_text(TFVARS)
    (folder / "vars" / "stg.s3.tfbackend").write_text('bucket = "state"\nkey = "k"\nregion = "ap-south-1"\n')
    stage = stages.load("stg", folder, tmp_path, tmp_path / "work")
    made = Deployment(stage, Access(REGION, emulator.endpoint_url), emulator)
    yield made
    made.inject()
    s3 = made.access.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for one in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            s3.delete_object(Bucket=bucket["Name"], Key=one["Key"])
        s3.delete_bucket(Bucket=bucket["Name"])


@pytest.fixture
def bucket(deployment: Deployment) -> Deployment:
    """The same stage, with its model bucket."""
    deployment.access.client("s3").create_bucket(
        Bucket="models-stg", CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return deployment
