"""Modules refuse wrong values that the root passes on, and the message names the root's variable.

`terraform test` can only expect failures of the root's own variables, which tests/root_refusals.tftest.hcl does.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.setup import install
from harness.terraform.working_copy import working_copy

WRONG = {
    "failed_events_expiration_days": (0, "must be at least 1"),
    "noncurrent_expiration_days": (0, "must be at least 1"),
    "lambda_architecture": ("amd64", 'must be "x86_64" or "arm64"'),
    "lambda_memory_size_mb": (64, "must be a whole number from 128 to 10240"),
    "lambda_timeout_seconds": (901, "must be a whole number from 1 to 900"),
    "live_version": ("$LATEST", "must be the number of a published version"),
    "log_retention_in_days": (2, "must be a value CloudWatch Logs offers"),
    "batch_size": (10001, "must be a whole number from 1 to 10000"),
    "batching_window_seconds": (301, "must be a whole number from 0 to 300"),
    "maximum_retry_attempts": (-1, "must be a whole number from 0 to 10000. Endless retries (-1) are refused"),
    "parallelization_factor": (11, "must be a whole number from 1 to 10"),
}
TEST = """
mock_provider "aws" {
  source = "./tests/mocks"
}

run "wrong" {
  command = plan

  variables {
    project_id          = "stg"
    lambda_package_type = "Zip"
    lambda_zip_path     = "tests/fixtures/empty.zip"
%s
  }
}
"""


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """The line of the configuration and the message of each error in one plan of the root."""
    folder = working_copy(tmp_path_factory.mktemp("refusals") / "infrastructure")
    for file in (folder / "tests").glob("*.tftest.hcl"):
        file.unlink()
    values = "\n".join(f"    {name} = {json.dumps(value)}" for name, (value, _) in WRONG.items())
    (folder / "tests" / "wrong.tftest.hcl").write_text(TEST % values)
    terraform(folder, "init", "-backend=false", "-input=false")
    output = terraform(folder, "test", "-json")
    found = [message["diagnostic"] for message in map(json.loads, output.splitlines()) if "diagnostic" in message]
    return [(one["snippet"]["code"], one["detail"]) for one in found if one["severity"] == "error"]


def terraform(folder: Path, *words: str) -> str:
    command = ["terraform", f"-chdir={folder}", *words]
    environment = install.terraform_environment()
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False).stdout


@pytest.mark.parametrize("name", WRONG)
def test_a_module_refuses_a_wrong_value_from_the_root(refusals: list[tuple[str, str]], name: str) -> None:
    details = [detail for code, detail in refusals if code.endswith(f"= var.{name}")]
    assert details, refusals
    assert all(WRONG[name][1] in detail for detail in details)
