"""Copies of root modules: alone, or with what their paths lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.paths import INFRASTRUCTURE, ROOT
from harness.terraform.working_copy import (
    declared,
    function_sources,
    makes_image_function,
    profiles,
    sources,
    updated,
    with_surroundings,
)


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


@pytest.mark.parametrize("var_file", ["local.tfvars", "stg.tfvars", "prod.tfvars"])
def test_the_pipelines_own_module_is_copied_alone(tmp_path: Path, var_file: str) -> None:
    """Whatever its variables name: the harness knows the function, and gives them other paths."""
    values = INFRASTRUCTURE / "vars" / var_file
    copied = with_surroundings(INFRASTRUCTURE, ROOT, tmp_path / "copy", ROOT / "service", values)
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


@pytest.mark.parametrize(
    "name",
    [
        "src/node_modules/x/index.js",
        "src/model_cache/version.js",
        "src/.venv/x.py",
        ".cache/build/fn.zip",
        "lib_cache/x",
    ],
)
def test_all_that_a_path_leads_to_is_copied(root: Path, tmp_path: Path, name: str) -> None:
    (root / "build.tf").write_text('source_dir = "../src"\nfilename = "${path.module}/../.cache/build/fn.zip"\n')
    (root.parent / name).parent.mkdir(parents=True)
    (root.parent / name).touch()
    assert (_copy(root, tmp_path).parent / name).is_file()
    assert root.parent / name in sources(root, root.parent)


@pytest.mark.parametrize(
    "name",
    [
        "site/node_modules/x/index.js",
        ".mypy_cache/x",
        "site/.venv/x.py",
        ".cache/big",
        ".cache/build/big",
        "src/.git/x",
    ],
)
def test_large_folders_elsewhere_are_left_out(root: Path, tmp_path: Path, name: str) -> None:
    (root / "build.tf").write_text(
        'source_dir = "../src"\nfilename = "../.cache/build/fn.zip"\ncommand = "cd .. && make"\n'
    )
    for each in ("src/index.js", ".cache/build/fn.zip", name):
        (root.parent / each).parent.mkdir(parents=True, exist_ok=True)
        (root.parent / each).touch()
    copied = _copy(root, tmp_path).parent
    assert (copied / ".cache" / "build" / "fn.zip").is_file()
    assert not (copied / name).exists()
    assert root.parent / name not in sources(root, root.parent)


def test_what_lies_in_the_root_module_itself_is_copied(root: Path, tmp_path: Path) -> None:
    (root / "build.tf").write_text('source_dir = "../src"')
    (root / "fn" / "node_modules").mkdir(parents=True)
    (root / "fn" / "node_modules" / "x.js").touch()
    assert (_copy(root, tmp_path) / "fn" / "node_modules" / "x.js").is_file()


@pytest.mark.parametrize("path", ["${path.module}/../../src", "${path.root}/../src"])
def test_modules_outside_lead_on(root: Path, tmp_path: Path, path: str) -> None:
    (root / "build.tf").write_text('source = "../modules/worker"')
    for name in ("modules/worker/main.tf", "src/node_modules/x.js"):
        (root.parent / name).parent.mkdir(parents=True)
        (root.parent / name).write_text(f'source_dir = "{path}"')
    assert (_copy(root, tmp_path).parent / "src" / "node_modules" / "x.js").is_file()


def test_around_a_pipeline_in_no_repository_only_what_paths_lead_to_is_copied(root: Path, tmp_path: Path) -> None:
    # GIVEN a root module that is the pipeline itself, as `pipeline init` in its folder has it
    (root / "build.tf").write_text('source = "../../shared/a"')
    for name in ("shared/a/main.tf", "photos/large.jpg", "project/other.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    copied = with_surroundings(root, root, tmp_path / "copy")
    # THEN a module two levels up is there, and none of its user's other folders is
    assert copied == tmp_path / "copy" / "project" / "infrastructure"
    assert (tmp_path / "copy" / "shared" / "a" / "main.tf").is_file()
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["project", "shared"]
    assert [path.name for path in copied.parent.iterdir()] == ["infrastructure"]
    # WHEN something may read all that lies around THEN it is copied
    (root / "build.tf").write_text('command = "cd .. && make"')
    assert (with_surroundings(root, root, tmp_path / "copy").parent / "other.txt").is_file()


def test_a_folder_of_the_functions_that_ends_in_cache_is_a_part_of_it(tmp_path: Path) -> None:
    for name in ("model_cache/x.py", "node_modules/x.js", ".ruff_cache/x"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    assert sorted(path.name for path in function_sources(tmp_path)) == ["x.js", "x.py"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf.json", '{"locals": {"zip": "${path.module}/../dist/fn.zip"}}'),
        ("main.tf.json", '{"command": "set -e\\n../dist/build.sh"}'),
        ("terraform.tfvars", 'zip = "../dist/fn.zip"'),
        ("x.auto.tfvars.json", '{"zip": "../dist/fn.zip"}'),
        ("vars/dev.tfvars", 'zip = "../dist/fn.zip"'),
        ("vars/dev.tfvars.json", '{"zip": "../dist/fn.zip"}'),
        ("../env/dev.tfvars", 'zip = "../dist/fn.zip"'),
    ],
)
def test_paths_in_json_and_in_values_lead_out_too(root: Path, tmp_path: Path, name: str, text: str) -> None:
    (root.parent / "dist" / "node_modules").mkdir(parents=True)
    (root.parent / "dist" / "fn.zip").touch()
    file = root / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    chosen = file.resolve() if "dev" in name else None
    copied = with_surroundings(root, root.parent, tmp_path / "copy", None, chosen)
    assert copied == tmp_path / "copy" / "infrastructure"
    assert (copied.parent / "dist" / "fn.zip").is_file()
    assert root.parent / "dist" / "fn.zip" in sources(root, root.parent, None, chosen)


def test_values_that_are_not_used_lead_nowhere(root: Path, tmp_path: Path) -> None:
    (root / "vars").mkdir()
    (root / "vars" / "prod.tfvars").write_text('zip = "../dist/fn.zip"')
    (root / "vars" / "dev.tfvars").touch()
    copied = with_surroundings(root, root.parent, tmp_path / "copy", None, root / "vars" / "dev.tfvars")
    assert copied == tmp_path / "copy"


def test_an_image_function_in_json(root: Path) -> None:
    (root / "fn.tf.json").write_text('{"resource": {"aws_lambda_function": {"a": {"package_type": "Image"}}}}')
    assert makes_image_function(root)


@pytest.mark.parametrize("text", ["x = 1", 'source = "../modules/x"'], ids=["alone", "with its surroundings"])
def test_a_users_own_override_is_copied_for_a_local_run_alone(root: Path, tmp_path: Path, text: str) -> None:
    (root / "build.tf").write_text(text)
    names = ("override.tf", "more_override.tf", "modules/a/b_override.tf", "x_override.tf.json")
    for name in names:
        (root / name).write_text("{}" if name.endswith("json") else "")
    local = updated(root, root.parent, tmp_path / "local", tmp_path / "record")
    real = _copy(root, tmp_path)
    assert all((local / name).is_file() for name in names)
    assert set(sources(root, root.parent)) >= {root / name for name in names}
    assert not any((real / name).exists() for name in names)
    for copied in (local, real):
        assert not (copied / "localstack_providers_override.tf").exists()
