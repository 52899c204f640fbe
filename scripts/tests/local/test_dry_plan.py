"""What is left of a plan that failed: its logs, and a hint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.errors import CommandFailedError, HarnessError
from harness.local import dry_plan, kept_logs
from harness.machine import environment
from harness.paths import shown
from harness.pipeline.definition import Pipeline
from harness.pipeline.schema import Events, File, Ledger, Literal, Outputs
from harness.pipeline.schema import Terraform as Section
from harness.stack import state as stacks
from harness.stack.state import Stack


def _pipeline(folder: Path, var_file: str | None = None) -> Pipeline:
    name = Literal(name="x")
    return Pipeline(
        folder,
        File(
            name="x", terraform=Section(root="tf", var_file=var_file), events=Events(sample={}),
            outputs=Outputs(source_stream=name, output_stream=name, function=name),
            ledger=Ledger(id_in="id", id_out="id"),
        ),
    )  # fmt: skip


def _failing(stack: Stack, output: str, pipeline: Pipeline | None = None) -> None:
    with dry_plan._hints(pipeline or _pipeline(Path("/nowhere"))), kept_logs.after_failure(stack.name):
        raise CommandFailedError("terraform plan", 1, output, f"the whole output is in {shown(stack.log('terraform'))}")


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("Error: No value for required variable", "give the variable a default"),
        ("Error: couldn't find resource\n  with data.aws_kinesis_stream.a,", "a data source looks for"),
        ("Error: Cannot assume IAM Role\n" + "more\n" * 20, "a provider assumes a role"),
        ("failed to get shared config profile, x", "only profiles that"),
        ('Call to function "filebase64sha256" failed: open f.zip: no such file or\ndirectory.', "a file that"),
        ('    │ terraform.workspace is "default"', "there are no workspaces here"),
        ("aws_kinesis_stream.a: Preparing import... [id=a]\nError: couldn't find resource", "an import block"),
        ("Error: AWS account ID not allowed: 000000000000", "LocalStack's account is"),
        ("the previously-selected version 5.31.0 is no longer available", "the lock file"),
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


def test_files_of_variables_that_were_not_used_are_named(tmp_path: Path) -> None:
    for name in ("tf/vars/dev.tfvars", "tf/vars/eu.tfvars.json", "tf/terraform.tfvars", "tf/.terraform/x.tfvars"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    pipeline = _pipeline(tmp_path, "tf/vars/{stage}.tfvars")
    with pytest.raises(CommandFailedError) as failed:
        _failing(Stack("plan-5", "local", 4566), dry_plan.NO_VALUE, pipeline)
    unused = shown(tmp_path / "tf" / "vars" / "eu.tfvars.json")
    assert failed.value.next_step.startswith(f"these files of variables were not used: {unused}. Name")
    # WHEN something else fails THEN they do not matter
    with pytest.raises(CommandFailedError) as failed:
        _failing(Stack("plan-5", "local", 4566), "Error: x", pipeline)
    assert "not used" not in failed.value.next_step


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
