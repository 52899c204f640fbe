"""How `scripts/bootstrap.sh` chooses the Python for the environment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.paths import ROOT, SCRIPTS

# pyenv's shims fail if the chosen version has no such program.
SHIM = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"
FUNCTIONS = (
    f"eval \"$(sed -n '/^pyenv_python()/,/^}}/p; /^find_python()/,/^}}/p' {SCRIPTS / 'bootstrap.sh'})\"; find_python"
)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine without a usable Python on its PATH: pyenv has selected another version."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "sed", "sort", "tail"):
        (programs / name).symlink_to(str(shutil.which(name)))
    for name in ("python3.13", "python3", "python", "pyenv"):
        (programs / name).write_text(SHIM)
        (programs / name).chmod(0o755)
    return tmp_path


def _found(machine: Path, **variables: str) -> str:
    env = {"PATH": str(machine / "bin"), "HOME": str(machine), **variables}
    return subprocess.run(
        ["bash", "-c", FUNCTIONS], env=env, capture_output=True, text=True, check=False
    ).stdout.strip()


def _install(machine: Path, version: str) -> Path:
    program = machine / ".pyenv" / "versions" / version / "bin" / "python3.13"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    return program


def test_the_newest_python_of_pyenv_is_the_fallback(machine: Path) -> None:
    assert _found(machine) == ""
    _install(machine, "3.13.2")
    newest = _install(machine, "3.13.10")
    assert _found(machine) == str(newest)
    assert _found(machine, PYENV_ROOT=str(machine / ".pyenv")) == str(newest)
    assert _found(machine, PYENV_ROOT=str(machine / "elsewhere")) == ""


def test_the_users_choice_comes_first(machine: Path) -> None:
    _install(machine, "3.13.2")
    assert _found(machine, PYTHON=sys.executable) == sys.executable


def test_the_checkout_chooses_no_version_for_other_programs() -> None:
    assert not (ROOT / ".python-version").exists()
