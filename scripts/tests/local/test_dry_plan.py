"""What is left of a plan that failed: its logs, and a hint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import CommandFailedError, HarnessError
from harness.local import dry_plan, kept_logs
from harness.machine import environment
from harness.paths import shown
from harness.stack import state as stacks
from harness.stack.state import Stack


def _failing(stack: Stack, output: str) -> None:
    with dry_plan._hints(), kept_logs.after_failure(stack.name):
        raise CommandFailedError("terraform plan", 1, output, f"the whole output is in {shown(stack.log('terraform'))}")


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("Error: No value for required variable", "give the variable a default"),
        ("Error: couldn't find resource\n  with data.aws_kinesis_stream.a,", "a data source looks for"),
        ("Error: Cannot assume IAM Role\n" + "more\n" * 20, "a provider assumes a role"),
        ("failed to get shared config profile, x", "only profiles that"),
        ("no available releases match the given constraints", "allow a version"),
        ("Error: Unsupported argument", "the whole output"),
    ],
)
def test_the_log_of_a_failed_plan_outlives_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, hint: str
) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(kept_logs, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(kept_logs, "CACHE", tmp_path / ".cache")
    stack = Stack("plan-1", "local", 4566)
    log = stack.log("terraform")
    log.parent.mkdir(parents=True)
    log.write_text(output)
    with pytest.raises(HarnessError) as failed:
        _failing(stack, output)
    kept = tmp_path / ".cache" / "logs" / "plan" / "terraform.log"
    assert kept.read_text() == output
    assert failed.value.next_step.endswith(f"the whole output is in {shown(kept)}")
    assert failed.value.next_step.startswith(hint)


def test_a_variable_that_is_set_in_vain_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "REMOVED", {"TF_VAR_team", "TF_VAR_other"})
    output = 'Error: No value for required variable\n  3: variable "team" {}\nThe input variable "team" is not set'
    with pytest.raises(CommandFailedError) as failed:
        _failing(Stack("plan-3", "local", 4566), output)
    assert failed.value.next_step.startswith("TF_VAR_team is set, but Terraform does not get it here")
    assert failed.value.next_step.count("TF_VAR_") == 1


def test_what_the_user_has_set_is_remembered_once_it_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"TF_VAR_team": "x", "PATH": "/bin"})
    monkeypatch.setattr(environment, "REMOVED", set())
    environment.clean_this_process()
    assert {"TF_VAR_team"} == environment.REMOVED


def test_a_failure_before_there_are_logs_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(kept_logs, "STACKS", tmp_path / ".local")
    with pytest.raises(CommandFailedError, match="'terraform plan' failed"):
        _failing(Stack("plan-2", "local", 4566), "x")
