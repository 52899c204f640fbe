"""Rollback between versions of a real Lambda function in LocalStack."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.rollout import rollback
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.stages import tfvars
from harness.stages.access import Access
from harness.stages.stage import Stage

Deployment = Any  # of conftest.py
NAME = "store_sales_stg"
RUNS = {1: "a" * 32, 2: "b" * 32, 3: "c" * 32}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


@pytest.fixture(scope="module")
def function(emulator: Stack) -> Iterator[Any]:
    """Three versions of a function; yields a client of Lambda."""
    clients = Clients(emulator)
    functions = clients.functions
    role = clients.iam.create_role(RoleName="rollback", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", "def handler(event, context):\n    return None\n")
    functions.create_function(
        FunctionName=NAME, Role=role, Runtime="python3.13",
        Handler="index.handler", Code={"ZipFile": archive.getvalue()},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
    for number, run_id in RUNS.items():
        functions.update_function_configuration(FunctionName=NAME, Environment={"Variables": {"RUN_ID": run_id}})
        functions.get_waiter("function_updated_v2").wait(FunctionName=NAME, WaiterConfig={"Delay": 1})
        assert functions.publish_version(FunctionName=NAME)["Version"] == str(number)
    functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="3")
    yield functions
    functions.delete_function(FunctionName=NAME)
    clients.iam.delete_role(RoleName="rollback")


@pytest.fixture
def published(function: Any, bucket: Deployment) -> Deployment:
    """The versions, each with a model in the bucket; the alias points to the third."""
    for run_id in RUNS.values():
        key = f"1/{run_id}/artifacts/model/model.onnx"
        bucket.access.client("s3").put_object(Bucket="models-stg", Key=key, Body=b"model")
    function.update_alias(FunctionName=NAME, Name="live", FunctionVersion="3")
    tfvars.write(bucket.stage.vars_file, "live_version", None)
    return bucket


class Applied:
    """A stand-in for the deployment that records the pins it gets."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.pins: list[str | None] = []
        self._error = error

    def __call__(self, stage: Stage, access: Access) -> None:
        self.pins.append(stage.variables.get("live_version"))
        if self._error is not None:
            raise self._error


def run(deployment: Deployment, wanted: str, applied: Applied) -> None:
    """Roll back as `make rollback` does, with the current variables."""
    read = tfvars.read(deployment.stage.vars_file)
    stage = Stage(**{**vars(deployment.stage), "variables": read})
    rollback.rollback(stage, deployment.access, wanted, applied)


@pytest.mark.parametrize(("wanted", "pin"), [("", "2"), ("1", "1"), ("3", "3")])
def test_the_alias_is_pinned_and_applied(
    published: Deployment, wanted: str, pin: str, capsys: pytest.CaptureFixture[str]
) -> None:
    applied, before = Applied(), published.tfvars
    run(published, wanted, applied)
    assert applied.pins == [pin]
    assert published.tfvars == before + f'live_version = "{pin}"\n'
    listed = capsys.readouterr().err
    assert [f"version {number}  run {run_id}" in listed for number, run_id in RUNS.items()] == [True] * 3
    assert listed.index("← live") > listed.index("version 3")
    assert "sha256 " in listed


def test_latest_removes_the_pin(published: Deployment) -> None:
    applied, before = Applied(), published.tfvars
    run(published, "1", applied)
    run(published, "latest", applied)
    assert applied.pins == ["1", None]
    assert published.tfvars == before


@pytest.mark.parametrize("error", [HarnessError("nothing was changed", "run it again"), KeyboardInterrupt()])
def test_a_failed_apply_restores_the_pin(published: Deployment, error: BaseException) -> None:
    run(published, "2", Applied())
    before = published.tfvars
    with pytest.raises(type(error)):
        run(published, "1", Applied(error))
    assert published.tfvars == before


@pytest.mark.parametrize("wanted", ["4", "0", "one", "$LATEST"])
def test_an_unknown_version_changes_nothing(published: Deployment, wanted: str) -> None:
    applied, before = Applied(), published.tfvars
    with pytest.raises(HarnessError, match="there is no published version") as refused:
        run(published, wanted, applied)
    assert "published versions: 1, 2, 3" in refused.value.next_step
    assert (applied.pins, published.tfvars) == ([], before)


def test_without_an_earlier_version_the_live_one_stays(published: Deployment) -> None:
    published.access.client("lambda").update_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    applied, before = Applied(), published.tfvars
    with pytest.raises(HarnessError, match="version 1 is live, and there is no earlier version"):
        run(published, "", applied)
    assert (applied.pins, published.tfvars) == ([], before)


def test_a_version_whose_model_is_gone_is_refused(published: Deployment) -> None:
    key = f"1/{RUNS[2]}/artifacts/model/model.onnx"
    published.access.client("s3").delete_object(Bucket="models-stg", Key=key)
    applied, before = Applied(), published.tfvars
    with pytest.raises(HarnessError, match=r"version 2 serves run b+, whose model is no longer in bucket") as refused:
        run(published, "2", applied)
    assert f"make promote MODEL={RUNS[2]} STAGE=stg" in refused.value.next_step
    assert (applied.pins, published.tfvars) == ([], before)


def test_without_a_function_the_next_step_is_to_deploy(bucket: Deployment) -> None:
    tfvars.write(bucket.stage.vars_file, "lambda_function_name", "none")
    applied, before = Applied(), bucket.tfvars
    with pytest.raises(HarnessError, match="the function none_stg and its alias live do not exist") as refused:
        run(bucket, "", applied)
    assert refused.value.next_step == "deploy it first: make deploy-stg"
    assert (applied.pins, bucket.tfvars) == ([], before)


def test_a_missing_permission_is_reported(published: Deployment) -> None:
    published.inject({"point": "lambda:GetAlias", "effect": "error", "code": "AccessDeniedException", "status": 403})
    applied, before = Applied(), published.tfvars
    with pytest.raises(HarnessError, match="cannot be read") as refused:
        run(published, "", applied)
    assert "lambda:GetAlias" in refused.value.next_step
    assert (applied.pins, published.tfvars) == ([], before)
