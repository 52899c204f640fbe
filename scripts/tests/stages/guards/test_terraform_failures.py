"""Real runs of Terraform against a LocalStack: locks, refused values, missing or incomplete state buckets."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.stages import deploy, state_bucket, terraform
from harness.stages.terraform import StageTerraform

LOCK = "6f1d2c3b-1111-2222-3333-444455556666"


@pytest.fixture
def there(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world with its state bucket. It counts as a rehearsal, so that Terraform reaches LocalStack."""
    world.rehearsal = world.localstack.url
    world.localstack.make_bucket(world.stage().backend["bucket"])
    monkeypatch.setattr(terraform, "LOCK_TIMEOUT", "0s")
    monkeypatch.setenv("YES", "1")
    return world


def _terraform(world: Any) -> StageTerraform:
    stage = world.stage()
    return StageTerraform(stage, world.access(stage))


def _lock(world: Any) -> tuple[str, str]:
    backend = world.stage().backend
    path = f"{backend['bucket']}/{backend['key']}"
    info = {"ID": LOCK, "Operation": "OperationTypeApply", "Info": "", "Who": "me@elsewhere", "Version": "1.11.4"}
    info |= {"Created": datetime.now(UTC).isoformat(), "Path": path}
    key = f"{backend['key']}.tflock"
    world.localstack.client("s3").put_object(Bucket=backend["bucket"], Key=key, Body=json.dumps(info).encode())
    return backend["bucket"], key


@pytest.mark.long_proof
def test_a_locked_state_is_explained_and_the_suggested_command_unlocks_it(there: Any) -> None:
    bucket, key = _lock(there)
    run = _terraform(there)
    run.init()
    with pytest.raises(HarnessError, match="locked by me@elsewhere since") as refused:
        run.plan()
    named = re.search(r"make unlock-prod LOCK=(\S+)", refused.value.next_step)
    assert named
    with pytest.raises(HarnessError, match="lock"):
        run.unlock("00000000-another")
    assert there.localstack.client("s3").head_object(Bucket=bucket, Key=key)
    stage = there.stage()
    deploy.unlock(stage, there.access(stage), named[1])
    assert there.localstack.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.long_proof
def test_refused_values_are_reported_in_terraforms_words(there: Any) -> None:
    run = _terraform(there)
    run.init()
    for values, says in (
        ({"shard_count": "many"}, r"prod.tfvars:\d+: .*var.shard_count.* a number is required"),
        ({"shard_count": 2, "project_id": "PROD"}, r"prod.tfvars:\d+: project_id is part of bucket names. Use 1 to 20"),
    ):
        there.set(**values)
        shutil.copy(there.vars_file, run.folder / "vars")
        with pytest.raises(HarnessError, match=says) as refused:
            run.plan()
        assert "│" not in refused.value.cause
        assert "validation rule" not in refused.value.cause


def test_a_missing_state_bucket_is_reported(there: Any) -> None:
    there.set(there.backend_file, bucket="nowhere-to-be-found")
    with pytest.raises(HarnessError, match="state bucket nowhere-to-be-found does not exist"):
        _terraform(there).init()


@pytest.mark.long_proof
def test_an_unreadable_state_is_reported_with_the_missing_permission(there: Any) -> None:
    run = _terraform(there)
    run.init()
    there.localstack.inject({"point": "s3:GetObject", "effect": "error", "code": "AccessDenied", "status": 403})
    before = there.localstack.resources()
    with pytest.raises(HarnessError, match="AWS denies s3:GetObject") as refused:
        run.plan()
    assert there.localstack.resources() == before
    assert "allow s3:GetObject" in refused.value.next_step


@pytest.mark.long_proof
def test_a_state_bucket_whose_creation_was_interrupted_is_completed(
    there: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Without the lifecycle rules, because the provider waits a minute for new ones."""
    main = there.infrastructure / "bootstrap" / "main.tf"
    text = main.read_text()
    assert "= var.noncurrent_expiration_days" in text
    main.write_text(text.replace("= var.noncurrent_expiration_days", "= null"))
    stage, s3 = there.stage(), there.localstack.client("s3")
    access, bucket = there.access(stage), stage.backend["bucket"]
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="state", Body=b"of an earlier run")
    expected = ["it keeps no versions", "public access is not blocked"]
    assert state_bucket.missing(s3, bucket) == expected
    monkeypatch.delenv("YES")
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    with pytest.raises(HarnessError, match="nothing was changed"):
        state_bucket.ensure(stage, access)
    assert state_bucket.missing(s3, bucket) == expected
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    state_bucket.ensure(stage, access)
    assert state_bucket.missing(s3, bucket) == []
    assert s3.get_object(Bucket=bucket, Key="state")["Body"].read() == b"of an earlier run"
    capfd.readouterr()
    state_bucket.ensure(stage, access)
    assert capfd.readouterr().err == ""  # nothing is left to do
    assert "DenyWithoutTLS" in s3.get_bucket_policy(Bucket=bucket)["Policy"]

    # A run that was killed just before it set the policy leaves only its folder as a trace.
    (stage.folder / "bootstrap").mkdir()
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    with pytest.raises(HarnessError, match="nothing was changed"):
        state_bucket.ensure(stage, access)
    assert "an earlier run did not finish it" in capfd.readouterr().err


def test_settings_that_a_role_cannot_read_are_reported_as_unchecked(
    there: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    rule = {"point": "s3:GetBucketVersioning", "effect": "error", "code": "AccessDenied", "status": 403}
    there.localstack.inject(rule)
    stage = there.stage()
    assert state_bucket.missing(there.localstack.client("s3"), stage.backend["bucket"]) == []
    assert "settings are not checked: AWS denies GetBucketVersioning" in capfd.readouterr().err


def test_another_accounts_state_bucket_is_refused(there: Any) -> None:
    rule = {"point": "s3:HeadBucket", "effect": "error", "code": "AccessDenied", "status": 403}
    there.localstack.inject(rule)
    stage = there.stage()
    with pytest.raises(HarnessError, match="belongs to another account"):
        state_bucket.exists(stage, there.access(stage))


def test_unlock_requires_a_lock_id_and_the_right_account(there: Any) -> None:
    stage = there.stage()
    with pytest.raises(HarnessError, match="no lock id is given"):
        deploy.unlock(stage, there.access(stage), "")
    there.set(allowed_account_ids=["9" * 12])
    stage = there.stage()
    with pytest.raises(HarnessError, match="belong to account"):
        deploy.unlock(stage, there.access(stage), LOCK)
