"""`make clean` in a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import ROOT

# Files made by the harness, by Python and by the tools of `make check`; then the user's.
MADE = (
    *(".cache/logs/x.log", ".cache/mlflow/1/model", ".local/old/stack.json", "scripts/__pycache__/x.pyc"),
    *(".mypy_cache/x", ".ruff_cache/x", "emulator/.hypothesis/x", "service/tests/__pycache__/x.pyc"),
)
USERS = ("infrastructure/terraform.tfstate", "infrastructure/.terraform/x", "notes.txt")
PROGRAM = "#!{python}\nimport sys\nfrom harness.cli import main\nsys.exit(main())\n"


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x", "-C", str(folder), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A committed copy of the checkout's files, with an environment that runs the copy."""
    folder = tmp_path / "checkout"
    for name in _git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / "scripts" / "bootstrap.sh").write_text("#!/bin/sh\n")  # it would install the environment from an index
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    python = folder / ".venv" / "bin" / "python"
    (packages,) = folder.glob(".venv/lib/*/site-packages")
    roots = [folder, folder / "scripts", folder / "service", *site.getsitepackages()]
    (packages / "copy.pth").write_text("\n".join(map(str, roots)))
    program = folder / ".venv" / "bin" / "pipeline"
    program.write_text(PROGRAM.format(python=python))
    program.chmod(0o755)
    _git(folder, "init", "--quiet")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "x")
    return folder


def test_a_cleaned_checkout_matches_git_except_for_the_users_files(copy: Path) -> None:
    for name in (*MADE, *USERS):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).touch()
    # No engine, because all checkouts on this machine share its images.
    env = os.environ | {"DOCKER_HOST": "unix:///none"}
    for _ in range(2):
        done = subprocess.run(["make", "clean"], cwd=copy, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
        status = _git(copy, "status", "--ignored", "--untracked-files=all", "--porcelain").splitlines()
        assert sorted(line[3:] for line in status) == sorted(USERS)
