"""Promotion from a real registry to a real LocalStack. A refusal changes nothing."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.local import deployment as local_deployment
from harness.model import current as current_model
from harness.model import shadow
from harness.pipeline import definition
from harness.rollout import promote
from harness.rollout.model_versions import Registry
from harness.stack.state import Stack
from harness.stages import models, tfvars
from harness.stages import stage as stages

Deployment = Any  # of conftest.py, which a test cannot import
OTHER_ACCOUNT = "111111111111"


@pytest.fixture
def unchanged(
    deployment: Deployment, aliases: Callable[[], dict[str, str]]
) -> Callable[..., AbstractContextManager[None]]:
    """A context in which the command must be refused and must change nothing."""

    def state() -> list[Any]:
        s3 = deployment.access.client("s3")
        buckets = [one["Name"] for one in s3.list_buckets()["Buckets"]]
        objects = deployment.objects() if "models-stg" in buckets else {}
        kept = sorted(current_model.releases().rglob("*"))
        return [buckets, objects, deployment.tfvars, aliases(), kept, (paths.CACHE / "chosen-model.json").exists()]

    @contextmanager
    def block(cause: str, next_step: str = "") -> Iterator[None]:
        before = state()
        with pytest.raises(HarnessError, match=cause) as refused:
            yield
        assert next_step in refused.value.next_step
        assert state() == before

    return block


def test_promotion_updates_bucket_variables_and_alias(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], aliases: Callable[[], dict[str, str]]
) -> None:
    before = bucket.tfvars
    promote.to_stage("2", known, bucket.stage, bucket.access)
    # THEN every file is there, in MLflow's layout
    folder = Path(trained[1]["model_dir"])
    logged = {file.relative_to(folder).as_posix(): file.read_bytes() for file in current_model.files(folder)}
    assert bucket.objects() == {f"{trained[1]['model_key']}/{name}": content for name, content in logged.items()}
    # AND the variables name the run, have no pin, and are otherwise unchanged
    pin = 'live_version        = "7"\n'
    assert bucket.tfvars == before.replace(pin, "") + f'run_id = "{trained[1]["run_id"]}"\n'
    assert tfvars.read(bucket.stage.vars_file)["run_id"] == trained[1]["run_id"]
    # AND the alias is the stage's
    assert aliases()["stg"] == "2"


def test_a_second_promotion_reports_that_nothing_changes(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    promote.to_stage("1", known, bucket.stage, bucket.access)
    before = bucket.objects(), bucket.tfvars
    capsys.readouterr()
    promote.to_stage(trained[0]["run_id"], known, bucket.stage, bucket.access)
    said = capsys.readouterr().err
    assert "the model is there already, and identical" in said
    assert "as before" in said
    assert (bucket.objects(), bucket.tfvars) == before


def test_the_first_deployment_publishes_a_model_promoted_before_it(
    deployment: Deployment, known: list[Registry], trained: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    promote.to_stage("1", known, deployment.stage, deployment.access)
    assert "it does not exist yet; the deployment creates it and publishes the model" in capsys.readouterr().err
    deployed = replace(deployment.stage, variables=tfvars.read(deployment.stage.vars_file))
    assert deployed.run_id == trained[0]["run_id"]
    # WHEN the deployment has created the bucket THEN it finds the model, even without the registry
    s3 = deployment.access.client("s3")
    s3.create_bucket(Bucket="models-stg", CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    models.publish(deployed, deployment.access, "models-stg")
    assert f"{trained[0]['model_key']}/MLmodel" in deployment.objects()
    # AND on a machine without the model, the copy in the bucket is enough
    (current_model.releases() / trained[0]["run_id"]).rename(current_model.releases() / "elsewhere")
    capsys.readouterr()
    models.publish(deployed, deployment.access, "models-stg")
    assert "unchanged" in capsys.readouterr().err


def test_a_shadow_model_is_recorded_beside_the_live_one(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], aliases: Callable[[], dict[str, str]]
) -> None:
    promote.to_stage("1", known, bucket.stage, bucket.access)
    before = bucket.tfvars
    promote.to_stage("2", known, stages_now(bucket), bucket.access, shadow=True)
    assert bucket.tfvars == before + f'shadow_run_id = "{trained[1]["run_id"]}"\n'
    assert (aliases()["stg"], aliases()["stg-shadow"]) == ("1", "2")
    with pytest.raises(HarnessError, match="is the live model of stg"):
        promote.to_stage("1", known, stages_now(bucket), bucket.access, shadow=True)
    # WHEN the bucket is empty THEN a deployment publishes both
    s3 = bucket.access.client("s3")
    for key in bucket.objects():
        s3.delete_object(Bucket="models-stg", Key=key)
    models.publish(stages_now(bucket), bucket.access, "models-stg")
    assert {f"{one['model_key']}/MLmodel" for one in trained} <= set(bucket.objects())
    # WHEN the shadow becomes the live model THEN it is no longer a shadow
    promote.to_stage("2", known, stages_now(bucket), bucket.access)
    assert tfvars.read(bucket.stage.vars_file)["run_id"] == trained[1]["run_id"]
    assert "shadow_run_id" not in tfvars.read(bucket.stage.vars_file)


def stages_now(deployment: Deployment) -> stages.Stage:
    """Return the stage with its current variables."""
    now: stages.Stage = replace(deployment.stage, variables=tfvars.read(deployment.stage.vars_file))
    return now


def test_a_shadow_of_the_local_stack_lasts_until_it_is_live(
    known: list[Registry], trained: list[dict[str, Any]], aliases: Callable[[], dict[str, str]]
) -> None:
    pipeline = definition.current()
    promote.to_local_shadow("2", known, live=trained[0]["run_id"])
    assert shadow.chosen(pipeline) == trained[1]["run_id"]
    assert aliases()["local-shadow"] == "2"
    assert current_model.kept(trained[1]["run_id"]) is not None
    with pytest.raises(HarnessError, match="is the live model of local"):
        promote.to_local_shadow("1", known, live=trained[0]["run_id"])
    assert shadow.chosen(pipeline) == trained[1]["run_id"]
    promote.to_local("2", known)
    assert shadow.chosen(pipeline) == ""


def test_a_shadow_is_deployed_with_the_users_own_stack_only(
    known: list[Registry], trained: list[dict[str, Any]]
) -> None:
    promote.to_local_shadow("2", known, live="")
    own, other = Stack(definition.current().stack_name, "local", 1), Stack("e2e", "e2e", 1)
    assert local_deployment.shadow_of(own, trained[0])["model_key"] == trained[1]["model_key"]
    assert local_deployment.shadow_of(own, trained[1]) == {}  # a model is no shadow of its own
    assert local_deployment.shadow_of(other, trained[0]) == {}
    shutil.rmtree(current_model.releases())
    with pytest.raises(HarnessError, match="not kept any more"):
        local_deployment.shadow_of(own, trained[0])


def test_a_shadow_needs_a_variable(known: list[Registry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promote, "declared", lambda _root: {"run_id"})
    with pytest.raises(HarnessError, match="no variable shadow_run_id"):
        promote.to_local_shadow("2", known, live="")


def test_a_deployment_without_its_model_gives_the_next_step(bucket: Deployment, unchanged: Callable[..., Any]) -> None:
    stage = replace(bucket.stage, variables=bucket.stage.variables | {"run_id": "0" * 32})
    with unchanged("neither in bucket models-stg nor on this machine", "make promote"):
        models.publish(stage, bucket.access, "models-stg")


def test_an_interrupted_copy_is_continued(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], aliases: Callable[[], dict[str, str]]
) -> None:
    before = bucket.tfvars, aliases().get("stg")
    # GIVEN a bucket that rejects every file
    bucket.inject(
        {"point": "s3:PutObject", "effect": "error", "code": "AccessDenied", "status": 403, "resource": "models-stg"}
    )
    with pytest.raises(HarnessError, match="cannot be copied") as refused:
        promote.to_stage("1", known, bucket.stage, bucket.access)
    assert "s3:PutObject" in refused.value.next_step
    assert (bucket.tfvars, aliases().get("stg")) == before
    # WHEN it accepts files again and has one of them THEN the others are copied, MLmodel last
    bucket.inject()
    key, folder = trained[0]["model_key"], Path(trained[0]["model_dir"])
    bucket.access.client("s3").upload_file(str(folder / "model.onnx"), "models-stg", f"{key}/model.onnx")
    promote.to_stage("1", known, bucket.stage, bucket.access)
    assert len(bucket.objects()) == len(current_model.files(folder))
    assert current_model.files(folder)[-1].name == "MLmodel"


def test_an_object_that_differs_is_never_overwritten(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], unchanged: Callable[..., Any]
) -> None:
    key = f"{trained[0]['model_key']}/model.onnx"
    bucket.access.client("s3").put_object(Bucket="models-stg", Key=key, Body=b"another")
    with unchanged(f"s3://models-stg/{key} differs", "find out which is right"):
        promote.to_stage("1", known, bucket.stage, bucket.access)


def test_a_second_model_of_the_same_run_is_refused(
    bucket: Deployment, known: list[Registry], trained: list[dict[str, Any]], unchanged: Callable[..., Any]
) -> None:
    key = f"9/{trained[0]['run_id']}/artifacts/model/model.onnx"
    bucket.access.client("s3").put_object(Bucket="models-stg", Key=key, Body=b"another")
    with unchanged("has another model of run", "delete the wrong one"):
        promote.to_stage("1", known, bucket.stage, bucket.access)


def test_the_expected_bucket_owner_is_sent_to_s3(bucket: Deployment, known: list[Registry]) -> None:
    """With this header, S3 answers 403 for another account's bucket. LocalStack ignores it."""
    owners: list[str] = []
    bucket.access.session.events.register(
        "before-send.s3.HeadBucket",
        lambda request, **_: owners.append(request.headers["x-amz-expected-bucket-owner"].decode()),
    )
    promote.to_stage("1", known, bucket.stage, bucket.access)
    assert owners == ["000000000000"]


@pytest.mark.parametrize("operation", ["HeadBucket", "ListObjectsV2", "GetObject"])
def test_a_role_without_read_permission_is_reported(
    bucket: Deployment, known: list[Registry], unchanged: Callable[..., Any], operation: str
) -> None:
    def denied() -> None:
        bucket.inject({"point": f"s3:{operation}", "effect": "error", "code": "AccessDenied", "status": 403})
        try:
            promote.to_stage("1", known, bucket.stage, bucket.access)
        finally:
            bucket.inject()

    cause = "belongs to another account, or the role" if operation == "HeadBucket" else "cannot be read: "
    with unchanged(f"bucket models-stg {cause}", "s3:ListBucket"):
        denied()


@pytest.mark.parametrize(
    ("edit", "cause"),
    [
        (lambda folder: (folder / "model.onnx").write_bytes(b"damaged"), "damaged or not an ONNX model"),
        (lambda folder: (folder / "extra_files" / "golden_batch.json").unlink(), "has no golden batch"),
        (lambda folder: (folder / "MLmodel").write_text("run_id: x\n"), "MLmodel"),
    ],
)
def test_a_model_that_fails_a_check_changes_nothing(
    bucket: Deployment,
    known: list[Registry],
    edited: Callable[..., str],
    unchanged: Callable[..., Any],
    edit: Callable[[Path], object],
    cause: str,
) -> None:
    number = edited(edit)
    with unchanged(cause):
        promote.to_stage(number, known, bucket.stage, bucket.access)
    with unchanged(cause):
        promote.to_local(number, known)


def test_a_run_whose_files_changed_after_its_promotion_is_refused(
    bucket: Deployment, known: list[Registry], edited: Callable[..., str], unchanged: Callable[..., Any]
) -> None:
    promote.to_stage("1", known, bucket.stage, bucket.access)
    number = edited(lambda folder: (folder / "conda.yaml").write_text("changed"))
    with unchanged("differs from what was promoted before", "find out"):
        promote.to_stage(number, known, bucket.stage, bucket.access)


@pytest.mark.parametrize("choice", ["99", "0" * 32, "nobody"])
def test_an_unknown_model_changes_nothing(
    bucket: Deployment, known: list[Registry], unchanged: Callable[..., Any], choice: str
) -> None:
    with unchanged("there is no version, run or alias", "version 1"):
        promote.to_stage(choice, known, bucket.stage, bucket.access)


def test_variables_that_cannot_be_parsed_change_nothing(
    bucket: Deployment, unchanged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket.stage.vars_file.write_text('project_id = "stg"\nrun_id == 1\n')
    with unchanged("stg.tfvars is not valid: line 2", "terraform fmt"):
        stages.load("stg", bucket.stage.infrastructure)


def test_variables_that_cannot_be_written_change_nothing(
    bucket: Deployment, known: list[Registry], unchanged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root can write every file, so patch in the answer that other users get.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with unchanged("stg.tfvars cannot be written", "ls -ld"):
        promote.to_stage("1", known, bucket.stage, bucket.access)


def test_without_credentials_nothing_changes(
    bucket: Deployment, known: list[Registry], unchanged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    access = bucket.access

    def signed_out() -> None:
        with monkeypatch.context() as patched:
            patched.delenv("AWS_ACCESS_KEY_ID")
            patched.delenv("AWS_SECRET_ACCESS_KEY")
            nobody = type(access)(access.region, access.endpoint_url)
            promote.to_stage("1", known, bucket.stage, nobody)

    with unchanged("there are no AWS credentials", "AWS_PROFILE"):
        signed_out()


def test_credentials_of_another_account_change_nothing(
    bucket: Deployment, known: list[Registry], unchanged: Callable[..., Any]
) -> None:
    stage = replace(bucket.stage, variables=bucket.stage.variables | {"allowed_account_ids": [OTHER_ACCOUNT]})
    with unchanged("belong to account 000000000000", "allowed_account_ids"):
        promote.to_stage("1", known, stage, bucket.access)


@pytest.mark.parametrize("name", ["nowhere", "", "../stg"])
def test_an_unknown_stage_changes_nothing(unchanged: Callable[..., Any], name: str) -> None:
    with unchanged("there is no stage" if name else "no stage is given", "STAGE=local, STAGE=stg, STAGE=prod"):
        promote.run("1", name, None)


def test_a_model_promoted_to_local_becomes_the_current_one(
    known: list[Registry],
    trained: list[dict[str, Any]],
    aliases: Callable[[], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promote.to_local("1", known)
    assert aliases()["local"] == "1"
    found = current_model.current(None)
    for name in ("run_id", "model_key", "experiment_id", "stores", "date_range", "metrics"):
        assert found[name] == pytest.approx(trained[0][name]) if name == "metrics" else found[name] == trained[0][name]
    assert (Path(found["model_dir"]) / "MLmodel").is_file()
    promote.to_local("2", known)
    assert current_model.current(None)["run_id"] == trained[1]["run_id"]
    # WHEN the code changes THEN the model is checked again
    monkeypatch.setattr(current_model, "code_hash", lambda: "changed")
    assert current_model.current(None)["run_id"] == trained[1]["run_id"]
    assert json.loads((paths.CACHE / "chosen-model.json").read_text())["code"] == "changed"
    monkeypatch.setattr(current_model, "code_hash", lambda: "changed again")
    (current_model.releases() / trained[1]["run_id"] / "model" / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(HarnessError, match="damaged or not an ONNX model"):
        current_model.current(None)
