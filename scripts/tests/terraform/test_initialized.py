"""What `terraform init` made is used again for the same input, and only where init would find nothing newer."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import paths
from harness.errors import CommandFailedError
from harness.pipeline.definition import Pipeline
from harness.pipeline.schema import Events, File, Ledger, Literal, Outputs
from harness.pipeline.schema import Terraform as Section
from harness.stack import state as stacks
from harness.stack.state import Stack
from harness.terraform.runner import Terraform

MAIN = 'resource "terraform_data" "this" {}\n'
MODULE = 'module "a" {{\n  source = "{}"\n}}\n'
LOCK = ".terraform.lock.hcl"
type Make = Callable[[], Terraform]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    (folder / LOCK).touch()
    return folder


@pytest.fixture
def fresh(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A pipeline's Terraform in a new stack."""
    monkeypatch.setattr(stacks, "STACKS", tmp_path / ".local")
    monkeypatch.setattr(paths, "CACHE", tmp_path / ".cache")
    monkeypatch.setattr(Stack, "alive", lambda _: True)
    name = Literal(name="x")
    outputs = Outputs(source_stream=name, output_stream=name, function=name)
    file = File(
        name="x", terraform=Section(root="."), outputs=outputs, events=Events(sample={}),
        ledger=Ledger(id_in="id", id_out="id"),
    )  # fmt: skip

    def make() -> Terraform:
        stack = Stack("x", "local", 1)
        shutil.rmtree(stack.folder, ignore_errors=True)
        stack.folder.mkdir(parents=True)
        return Terraform(stack, {}, Pipeline(root, file))

    return make


def test_the_next_stack_with_the_same_input_needs_no_init(fresh: Make) -> None:
    assert fresh().init()
    terraform = fresh()
    assert not terraform.init()
    assert not terraform.plan_is_empty()
    assert not fresh().init()  # a plan with changes is no failure


@pytest.mark.parametrize("name", ["main.tf", LOCK, "more.tf.json", "child/main.tf"])
def test_other_input_needs_an_init(fresh: Make, root: Path, name: str) -> None:
    (root / "child").mkdir()
    (root / "child" / "main.tf").write_text(MAIN)
    (root / "main.tf").write_text(MAIN + MODULE.format("./child"))
    fresh().init()
    with (root / name).open("a") as file:
        file.write("{}" if name.endswith(".json") else "# changed\n")
    assert fresh().init()
    assert not fresh().init()


def test_other_settings_need_an_init(fresh: Make) -> None:
    fresh().init()
    terraform = fresh()
    terraform.env["AWS_REGION"] = "eu-west-1"
    assert terraform.init()


def test_without_a_lock_file_each_init_chooses_versions(fresh: Make, root: Path) -> None:
    (root / LOCK).unlink()
    fresh().init()
    assert fresh().init()


def test_a_module_from_elsewhere_is_fetched_again(fresh: Make, root: Path, tmp_path: Path) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.tf").write_text(MAIN)
    git = ["git", "-C", str(module), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *words], check=True, timeout=60)
    (root / "main.tf").write_text(MODULE.format(f"git::file://{module}"))
    fresh().init()
    assert fresh().init()


def test_a_provider_that_is_gone_needs_an_init(fresh: Make, tmp_path: Path) -> None:
    fresh().init()
    (link,) = (tmp_path / ".cache").rglob("terraform-init/data")
    (link / "providers").mkdir(exist_ok=True)
    (link / "providers" / "aws").symlink_to(tmp_path / "gone")
    assert fresh().init()


def test_a_provider_is_not_copied(fresh: Make, tmp_path: Path) -> None:
    fresh().init()
    (data,) = (tmp_path / ".cache").rglob("terraform-init/data")
    program = data / "providers" / "aws"
    program.parent.mkdir(exist_ok=True)
    program.touch()
    terraform = fresh()
    assert not terraform.init()
    assert Path(terraform.env["TF_DATA_DIR"], "providers", "aws").samefile(program)


def test_after_a_failure_the_next_stack_gets_a_new_init(fresh: Make, root: Path, tmp_path: Path) -> None:
    (root / "main.tf").write_text(MAIN + 'check "never" {}\nvariable "missing" {}\n')
    with pytest.raises(CommandFailedError):
        fresh().init()
    (root / "main.tf").write_text(MAIN + 'variable "missing" {}\n')
    fresh().init()
    terraform = fresh()
    assert not terraform.init()
    with pytest.raises(CommandFailedError):
        terraform.plan_is_empty()
    assert fresh().init()
