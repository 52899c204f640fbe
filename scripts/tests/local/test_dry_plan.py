"""What is left of a plan that failed: its log, and a hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import CommandFailedError, HarnessError
from harness.local import dry_plan
from harness.paths import shown
from harness.stack import state as stacks
from harness.stack.state import Stack


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("Error: No value for required variable", "give the variable a default"),
        ("Error: couldn't find resource\n  with data.aws_kinesis_stream.a,", "a data source looks for"),
        ("Error: Unsupported argument", ""),
    ],
)
def test_the_log_of_a_failed_plan_outlives_its_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str, hint: str
) -> None:
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(dry_plan, "CACHE", tmp_path / ".cache")
    stack = Stack("plan-1", "local", 4566)
    log = stack.log("terraform")
    log.parent.mkdir(parents=True)
    log.write_text(output)
    with pytest.raises(HarnessError) as failed, dry_plan._log_kept(stack):
        raise CommandFailedError("terraform plan", 1, output, f"the whole output is in {shown(log)}")
    kept = tmp_path / ".cache" / "logs" / "plan.log"
    assert kept.read_text() == output
    assert failed.value.next_step.endswith(f"the whole output is in {shown(kept)}")
    assert failed.value.next_step.startswith(hint or "the whole output")
