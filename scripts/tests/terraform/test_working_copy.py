"""Copies of root modules: alone, or with what their paths lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.paths import INFRASTRUCTURE, ROOT
from harness.terraform.working_copy import declared, makes_image_function, profiles, sources, with_surroundings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "project" / "infrastructure"
    (made / "modules" / "a").mkdir(parents=True)
    (made / "main.tf").write_text('variable "project_id" {}\nvariable other {}\n')
    (made / "terraform.tfstate").touch()
    (made / "localstack_providers_override.tf").touch()
    (tmp_path / "project" / "function.py").touch()
    return made


def _copy(root: Path, tmp_path: Path) -> Path:
    return with_surroundings(root, root.parent, tmp_path / "copy")


def test_the_pipelines_own_module_is_copied_alone(tmp_path: Path) -> None:
    copied = with_surroundings(INFRASTRUCTURE, ROOT, tmp_path / "copy", ROOT / "service")
    assert copied == tmp_path / "copy"
    assert list(INFRASTRUCTURE.rglob("*.tftest.hcl"))
    assert not list(copied.rglob("*.tftest.hcl"))  # `terraform init` would load what they call


@pytest.mark.parametrize(
    "text", ["# and so on ...", "x = concat(local.a...)", 'source = "../b"', "y = a..b", "# see ../../../x"]
)
def test_a_module_whose_paths_stay_inside_is_copied_alone(root: Path, tmp_path: Path, text: str) -> None:
    (root / "modules" / "a" / "main.tf").write_text(text)
    copied = _copy(root, tmp_path)
    assert sorted(path.name for path in copied.iterdir()) == ["main.tf", "modules"]


@pytest.mark.parametrize(
    "text", ['source = "../modules/x"', "command = <<-EOF\n  cd ..\n  docker build .\nEOF", 'a = ".."']
)
def test_a_module_whose_paths_lead_out_is_copied_with_its_surroundings(root: Path, tmp_path: Path, text: str) -> None:
    (root / "build.tf").write_text(text)
    (root.parent / ".git").mkdir()
    (root.parent / "node_modules").mkdir()
    copied = _copy(root, tmp_path)
    assert copied == tmp_path / "copy" / "infrastructure"
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == [".git", "function.py", "infrastructure"]
    assert not (copied / "terraform.tfstate").exists()
    # WHEN it is copied again THEN what was there is gone
    (root.parent / "function.py").unlink()
    assert not (_copy(root, tmp_path).parent / "function.py").exists()


@pytest.mark.parametrize("text", ["x = 1", 'source = "../modules/x"'], ids=["alone", "with its surroundings"])
def test_what_terraform_and_checks_leave_is_no_change(root: Path, text: str) -> None:
    (root / "build.tf").write_text(text)
    before = sources(root, root.parent)
    for left in (".terraform/modules.json", "terraform.tfstate.backup", "policies/__pycache__/stars.cpython-313.pyc"):
        (root / left).parent.mkdir(parents=True, exist_ok=True)
        (root / left).touch()
    assert sources(root, root.parent) == before


def test_variables_and_the_form_of_the_function(root: Path) -> None:
    assert declared(root) == {"project_id", "other"}
    assert not makes_image_function(root)
    (root / "modules" / "a" / "main.tf").write_text('  package_type = "Image"\n')
    assert makes_image_function(root)
    (root / "variables.tf").write_text('variable "lambda_package_type" {}\n')
    assert not makes_image_function(root)
    assert not makes_image_function(INFRASTRUCTURE)


def test_the_profiles_that_a_provider_names(root: Path) -> None:
    (root / "provider.tf").write_text(
        'provider "aws" { profile = "default" }\nprovider "aws" {\n  profile="my team"\n}'
    )
    (root / "more.tf.json").write_text('{"provider": {"aws": {"profile": "json"}}}')
    (root / "other.tf").write_text('iam_instance_profile = "no"\nprofile = var.profile\nprofile = "${var.profile}"\n')
    assert profiles(root) == {"default", "my team", "json"}
