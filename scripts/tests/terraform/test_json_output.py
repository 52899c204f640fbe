"""Terraform's `-json` output: counted progress, a readable log, errors in frames."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.console import Step
from harness.terraform.json_output import Errors, Progress, as_text

# Needs no provider download.
CONFIGURATION = """
variable "status" { default = 0 }
resource "terraform_data" "first" { count = 2 }
resource "terraform_data" "then" {
  depends_on = [terraform_data.first]
  provisioner "local-exec" { command = "echo built; exit ${var.status}" }
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, initialized."""
    (tmp_path / "main.tf").write_text(CONFIGURATION)
    _terraform(tmp_path, "init")
    return tmp_path


def _terraform(folder: Path, *words: str) -> list[str]:
    command = ["terraform", words[0], "-json", "-input=false", *words[1:]]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout.splitlines(keepends=True)


def _shown(lines: list[str], total: int = 0) -> tuple[list[str], str]:
    """Return the distinct progress notes and the final summary, as the user sees them."""
    step = Step("apply")
    progress = Progress(step, total)
    notes = {}
    for line in lines:
        progress.read(line)
        notes[step.detail] = True
    return list(filter(None, notes)), progress.summary


def test_an_apply_is_counted_by_its_plan(folder: Path) -> None:
    notes, summary = _shown(_terraform(folder, "apply", "-auto-approve"))
    assert notes == ["0 of 3 resources", "1 of 3 resources", "2 of 3 resources", "3 of 3 resources"]
    assert summary == "3 added, 0 changed, 0 destroyed"


def test_data_sources_are_not_counted() -> None:
    """The plan does not count those that are read during the apply, so `38 of 33 resources` would be the result."""
    plan = '{"type": "change_summary", "changes": {"operation": "plan", "add": 1, "change": 0, "remove": 0}}'
    done = '{"type": "apply_complete", "hook": {"resource": {"addr": "x"}, "action": "%s"}}'
    notes, _ = _shown([plan, done % "read", done % "create"])
    assert notes == ["0 of 1 resources", "1 of 1 resources"]


def test_a_saved_plan_is_counted_by_the_known_total(folder: Path) -> None:
    _terraform(folder, "plan", "-out=plan")
    notes, summary = _shown(_terraform(folder, "apply", "plan"), total=3)
    assert notes[-1] == "3 of 3 resources"
    assert summary == "3 added, 0 changed, 0 destroyed"


def test_a_slow_resource_is_named() -> None:
    slow = '{"type":"apply_progress","@message":"slow","hook":{"resource":{"addr":"module.x"}}}'
    assert _shown([slow], total=2)[0] == ["0 of 2 resources, waiting for module.x"]


def test_the_log_is_readable_and_the_error_is_collected(folder: Path) -> None:
    lines = _terraform(folder, "apply", "-auto-approve", "-var=status=3")
    text = "".join(as_text(line) for line in lines)
    assert "@message" not in text
    assert "terraform_data.first[0]: Creation complete after" in text
    assert "(local-exec): built" in text
    assert "│ Error: local-exec provisioner error\n│ \n│   with terraform_data.then,\n│   on main.tf line 6:\n" in text
    errors = Errors()
    for line in lines:
        errors.read(line)
    [error] = errors.found
    assert error.summary == "local-exec provisioner error"
    assert error.place == "main.tf:6"
    assert "exit status 3" in error.detail


@pytest.mark.parametrize("line", ["a notice of tflocal's\n", "{ not JSON\n", "\n"])
def test_other_lines_are_not_changed(line: str) -> None:
    assert as_text(line) == line
    assert _shown([line]) == ([], "")
