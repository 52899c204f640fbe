"""Module ecr/build in Terraform: which file changes produce another image, and when it is built."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.machine import environment

from .conftest import MODULE, ROOT, Build, Registry, remove_images

pytestmark = pytest.mark.local_only

FIXTURE = ROOT / "infrastructure" / "tests" / "fixtures" / "image" / "service"


class Module:
    """The module as a root module, on a copy of the fixture that tests change; it needs no provider."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.service = folder / "service"
        shutil.copytree(MODULE, self.root)
        shutil.copytree(FIXTURE, self.service)
        self.env = environment.clean(CHECKPOINT_DISABLE="1", TF_IN_AUTOMATION="1")
        self.variables = {
            "context": "../service",  # relative, as in the tfvars
            "dockerfile": "../service/Dockerfile",
            "repository_url": "127.0.0.1:1/nowhere",
            "region": "ap-south-1",
            "password_command": "echo not-in-the-state",
        }
        self.terraform("init", "-backend=false")

    def terraform(self, *words: str, status: int = 0, text: str | None = None) -> str:
        (self.root / "terraform.tfvars.json").write_text(json.dumps(self.variables))
        done = subprocess.run(
            ["terraform", f"-chdir={self.root}", *words], env=self.env, input=text, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout
        return done.stdout

    def tag(self) -> str:
        return self.terraform("console", text="local.image_tag\n").strip().strip('"')


@pytest.fixture
def module(tmp_path: Path) -> Module:
    return Module(tmp_path)


def write(name: str, text: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return change


def rename(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / old).rename(folder / new)

    return change


BUILT = {
    "a line of code": write("store_sales/answer.py", "ANSWER = 43\n"),
    "a further file": write("store_sales/further.py", ""),
    "a file in a new folder": write("store_sales/parts/one.py", ""),
    "a hidden file": write("store_sales/.settings", ""),
    "another name": rename("store_sales/answer.py", "store_sales/answers.py"),
    "requirements": write("requirements.txt", "nothing==1.1\n"),
    "Dockerfile": write("Dockerfile", "FROM scratch\nCOPY store_sales /\n"),
    "one more path admitted": write(".dockerignore", "*\n!requirements.txt\n!store_sales\n!/tests/\n"),
    "no allow-list": write(".dockerignore", "training\n"),
}
NOT_BUILT = {
    "a test": write("tests/check.py", "assert True or False\n"),
    "training": write("training/fit.py", "EPOCHS = 11\n"),
    "a file beside": write("notes.txt", "hello"),
    "compiled files": write("store_sales/answer.pyc", "compiled"),
    "a cache": write("store_sales/__pycache__/answer.cpython-313.opt-1", "compiled"),
    "a comment on the context": write(".dockerignore", "# ours\r\n*\r\n!./store_sales/\r\n\r\n!requirements.txt\r\n"),
}


@pytest.mark.parametrize("change", BUILT.values(), ids=BUILT.keys())
def test_another_image(module: Module, change: Callable[[Path], None]) -> None:
    before = module.tag()
    change(module.service)
    assert module.tag() != before


@pytest.mark.parametrize("change", NOT_BUILT.values(), ids=NOT_BUILT.keys())
def test_the_same_image(module: Module, change: Callable[[Path], None]) -> None:
    before = module.tag()
    change(module.service)
    assert module.tag() == before


def test_without_a_dockerignore_everything_counts(module: Module) -> None:
    (module.service / ".dockerignore").unlink()
    before = module.tag()
    write("tests/check.py", "assert 1\n")(module.service)
    assert module.tag() != before


def test_the_location_of_the_checkout_does_not_count(tmp_path: Path) -> None:
    one, other = (Module(tmp_path / name) for name in ("one", "other"))
    other.variables |= {"context": str(other.service), "dockerfile": str(other.service / "Dockerfile")}
    assert one.tag() == other.tag()


@pytest.mark.parametrize(
    ("variable", "path", "message"),
    [
        ("dockerfile", "../service/Missing", "The Dockerfile ../service/Missing does not exist"),
        ("dockerfile", "../service", "The Dockerfile ../service does not exist"),
        ("context", "../missing", "The build context ../missing is not a folder"),
    ],
)
def test_the_plan_names_a_missing_path(module: Module, variable: str, path: str, message: str) -> None:
    module.variables[variable] = path
    said = " ".join(module.terraform("plan", "-no-color", status=1).replace("│", " ").split())
    assert message in said
    assert "image_uri" in said, "no next step"


def test_terraform_builds_once(tmp_path: Path, build: Build, engine: str, registry: Registry) -> None:
    module = Module(tmp_path / "module")
    name = f"test/{uuid.uuid4().hex}"
    module.variables["repository_url"] = f"{registry.host}/{name}"
    module.env |= build.environment | {"DOCKER_HOST": engine}
    apply = ("apply", "-auto-approve", "-no-color")

    said = module.terraform(*apply)
    first = module.tag()
    assert "image: pushed" in said
    assert registry.manifest(name, first)["layers"]
    assert "not-in-the-state" not in said + (module.root / "terraform.tfstate").read_text()

    write("tests/check.py", "assert 1\n")(module.service)
    assert "No changes" in module.terraform("plan", "-no-color", "-detailed-exitcode")

    write("store_sales/answer.py", "ANSWER = 44\n")(module.service)
    said = module.terraform(*apply)
    assert "image: pushed" in said
    assert registry.manifest(name, module.tag()) != registry.manifest(name, first)

    # An existing image is not built again, for example after image_uri was set for a while.
    said = module.terraform(*apply, "-replace=terraform_data.image")
    assert "already in the repository" in said
    module.terraform("destroy", "-auto-approve", "-no-color")
    remove_images(f"reference={registry.host}/{name}")
