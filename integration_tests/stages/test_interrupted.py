"""Interrupted deployments: after a kill the next one continues; after a refusal nothing has changed."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from harness.errors import HarnessError
from harness.machine.waiting import poll
from harness.stages import deploy, leftovers, terraform
from harness.stages.access import Access
from harness.stages.stage import Stage

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]  # whole deployments

DEADLINE = 180.0


def start(stage: Stage, access: Access) -> subprocess.Popen[bytes]:
    with said(stage).open("wb") as output:
        return subprocess.Popen(
            [sys.executable, Path(__file__).parent / "deployment.py", stage.folder, str(access.endpoint_url)],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def said(stage: Stage) -> Path:
    """The output of a deployment in a separate process."""
    return stage.folder / "deployment.log"


# A kill during an apply loses what Terraform made since it last saved its state (every 20 s); explain.py says so.
@pytest.mark.parametrize("moment", ["Apply complete!", "Publish the model: "])
def test_after_a_kill_at_any_step_the_next_run_continues(stage: Stage, access: Access, moment: str) -> None:
    # GIVEN a deployment that is killed with all its child processes
    killed = start(stage, access)
    try:
        _wait_for(moment, killed, stage)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        _kill_terraform(stage)
        killed.wait()

    # WHEN it is started again (a leftover lock is explained, and removed as the message says)
    if lock := _lock_in_the_way(stage, access):
        terraform.StageTerraform(stage, access).unlock(lock)
        deploy.deploy(stage, access)

    # THEN it completes, and another one finds nothing to do
    assert deploy.deploy(stage, access).is_empty


def _lock_in_the_way(stage: Stage, access: Access) -> str | None:
    """Deploys; returns the lock's id from the refusal, or None if there was no lock."""
    try:
        deploy.deploy(stage, access)
    except HarnessError as error:
        found = re.fullmatch(r"wait for that run to end.* make unlock-stg LOCK=(\S+)", error.next_step)
        if found is None:
            raise
        return found[1]
    return None


def _wait_for(moment: str, process: subprocess.Popen[bytes], stage: Stage) -> None:
    """Waits until the deployment's output, or Terraform's log, contains a text."""

    def there() -> bool:
        texts = [log.read_text() for log in (said(stage), stage.log("terraform")) if log.exists()]
        found = any(moment in text for text in texts)
        assert found or process.poll() is None, texts
        return found

    poll(there, f"'{moment}'", DEADLINE)


def _kill_terraform(stage: Stage) -> None:
    """Kills the deployment and Terraform, which runs in its own session and would otherwise finish its work."""
    for process in psutil.process_iter(["cwd", "name"]):
        if process.info["cwd"] and process.info["cwd"].startswith(str(stage.folder)):
            process.kill()


def test_answering_no_changes_nothing(
    stage: Stage, access: Access, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("YES")
    monkeypatch.setattr("sys.stdin", io.StringIO())  # nobody answers in a CI job
    with pytest.raises(HarnessError, match="nothing was changed"):
        deploy.deploy(stage, access)
    assert list(leftovers.found(stage, access)) == []
    assert "to create" in capfd.readouterr().err


def test_a_plan_alone_changes_nothing_and_needs_no_state_bucket(
    stage: Stage, access: Access, capfd: pytest.CaptureFixture[str]
) -> None:
    elsewhere = replace(stage, backend=stage.backend | {"bucket": "store-sales-nobody-made-this"})
    deploy.plan(elsewhere, access)
    shown = capfd.readouterr().err
    assert "there is no state bucket store-sales-nobody-made-this yet" in shown
    assert "module.source_stream.aws_kinesis_stream.this  sales-events-stg" in shown
    assert list(leftovers.found(stage, access)) == []
