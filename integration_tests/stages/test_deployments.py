"""What a deployment does when something goes wrong on the way: it goes back, goes on, or changes nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import paths
from harness.errors import HarnessError
from harness.stages import ask, deploy, destroy, leftovers, live, terraform
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = pytest.mark.local_only

DEADLINE = 180.0


def start(stage: Stage, access: Access) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, Path(__file__).parent / "deployment.py", stage.folder, str(access.endpoint_url)],
        env=os.environ | {"PYTHONPATH": str(paths.SCRIPTS), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def test_a_version_that_fails_is_taken_back(stage: Stage, access: Access, change: Callable[..., Stage]) -> None:
    # GIVEN a stage that works
    deploy.deploy(stage, access)
    outputs = deploy.deployed(stage, access)
    good = live.current(access, outputs["lambda_function"])

    # WHEN a version is deployed that cannot start
    broken = change(stage, lambda_environment={"MODEL_LOCATION": "s3://nowhere/model"}, maximum_retry_attempts=0)
    with pytest.raises(HarnessError, match=rf"the smoke test failed; version {good.number} .* serves again"):
        deploy.deploy(broken, access)

    # THEN the former one answers, and the broken one is still there to be looked at
    assert live.current(access, outputs["lambda_function"]) == good
    deploy.smoke_test(stage, access)
    assert deploy.deployed(stage, access)["function_version"] != good.number

    # AND once it is mended, a deployment goes on from there
    deploy.deploy(change(broken, lambda_environment={}), access)
    assert live.current(access, outputs["lambda_function"]).number > good.number


@pytest.mark.parametrize("moment", ["Creation complete", "Terraform apply, that plan: ", "Publish the model: "])
def test_killed_at_any_step_the_next_run_goes_on(stage: Stage, access: Access, moment: str) -> None:
    # GIVEN a deployment that is killed, with everything it started
    killed = start(stage, access)
    try:
        _wait_for(moment, killed, stage)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        _kill_terraform(stage)
        killed.communicate()

    # WHEN it is started again; a lock that was left behind is explained, and lifted as the message says
    if lock := _lock_in_the_way(stage, access):
        terraform.StageTerraform(stage, access).unlock(lock)
        deploy.deploy(stage, access)

    # THEN it is whole, and a further one finds nothing to do
    assert deploy.deploy(stage, access).is_empty


def _lock_in_the_way(stage: Stage, access: Access) -> str | None:
    """Deploys; what the refusal says is the lock's id, or None when there was no lock."""
    try:
        deploy.deploy(stage, access)
    except HarnessError as error:
        found = re.fullmatch(r"wait for that run to end.* make unlock-stg LOCK=(\S+)", error.next_step)
        if found is None:
            raise
        return found[1]
    return None


def _wait_for(moment: str, process: subprocess.Popen[str], stage: Stage) -> None:
    """Until the deployment's output, or Terraform's log, has a text."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    from harness.waiting import poll

    seen: list[str] = []

    def there() -> bool:
        seen.append(process.stdout.read() or "")  # type: ignore[union-attr]
        log = stage.log("terraform")
        found = moment in "".join(seen) or (log.exists() and moment in log.read_text())
        assert found or process.poll() is None, "".join(seen)
        return found

    poll(there, f"'{moment}'", DEADLINE)


def _kill_terraform(stage: Stage) -> None:
    """Terraform runs in a session of its own, and would end what it has begun."""
    import psutil

    for process in psutil.process_iter(["cwd", "name"]):
        if process.info["cwd"] and process.info["cwd"].startswith(str(stage.folder)):
            process.kill()


def test_a_no_changes_nothing(
    stage: Stage, access: Access, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("YES")
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 - a pipeline's job has no one to answer
    with pytest.raises(HarnessError, match="nothing was changed"):
        deploy.deploy(stage, access)
    assert list(leftovers.found(stage, access)) == []
    assert "23 to create" in capfd.readouterr().err or "to create" in capfd.readouterr().err


def test_a_plan_alone_changes_nothing_and_needs_no_state_bucket(
    stage: Stage, access: Access, capfd: pytest.CaptureFixture[str]
) -> None:
    from dataclasses import replace

    elsewhere = replace(stage, backend=stage.backend | {"bucket": "store-sales-nobody-made-this"})
    deploy.plan(elsewhere, access)
    shown = capfd.readouterr().err
    assert "there is no state bucket store-sales-nobody-made-this yet" in shown
    assert "module.source_stream.aws_kinesis_stream.this  sales-events-stg" in shown
    assert list(leftovers.found(stage, access)) == []


def test_what_changed_after_the_plan_was_shown_is_not_applied(
    stage: Stage, access: Access, monkeypatch: pytest.MonkeyPatch, change: Callable[..., Stage]
) -> None:
    deploy.deploy(stage, access)
    confirm: Any = ask.confirm

    def somebody_else_is_faster(question: str) -> None:
        monkeypatch.setattr(ask, "confirm", confirm)
        other = terraform.StageTerraform(change(stage, batch_size=7), access)
        other.init()
        from harness.console import Step

        other.apply(other.plan(), Step("somebody else's"))

    monkeypatch.setattr(ask, "confirm", somebody_else_is_faster)
    with pytest.raises(HarnessError, match="plan"):
        deploy.deploy(change(stage, batch_size=9), access)
    functions = access.client("lambda")
    [mapping] = functions.list_event_source_mappings()["EventSourceMappings"]
    assert mapping["BatchSize"] == 7


def test_prod_is_destroyed_only_by_its_name(stage: Stage, access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destroy, "BY_NAME", ("stg",))
    deploy.deploy(stage, access)
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115 - YES=1 must not answer this
    with pytest.raises(HarnessError, match="was not typed"):
        destroy.destroy(stage, access)
    deploy.smoke_test(stage, access)
