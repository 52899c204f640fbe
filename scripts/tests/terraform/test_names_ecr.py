"""Which Terraform gets the emulator's `docker` and `aws`."""

from pathlib import Path

import pytest

from harness.paths import INFRASTRUCTURE, ROOT
from harness.terraform.working_copy import names_ecr, working_copy

LOGIN = "docker login --password-stdin ${var.account}.dkr.ecr.${var.region}.amazonaws.com"


def test_the_pipelines_own_terraform_needs_none() -> None:
    assert not names_ecr(INFRASTRUCTURE)


def test_a_courses_terraform_does(tmp_path: Path) -> None:
    assert names_ecr(working_copy(tmp_path / "copy", ROOT / "emulator/tests/containers/course/infrastructure"))


@pytest.mark.parametrize(
    ("name", "named"),
    [("modules/ecr/main.tf", True), ("scripts/push.sh", True), ("modules/ecr/examples/main.tf", False)],
)
def test_scripts_count_and_examples_do_not(name: str, named: bool, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(LOGIN)
    assert names_ecr(tmp_path) == named


def test_terraform_in_json_names_a_registry(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text('{"command": "docker push 123456789012.dkr.ecr.eu-west-1.amazonaws.com/a"}')
    assert names_ecr(tmp_path)
