"""Which interpreter of a machine is found, and which is not used."""

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_emulator.lambda_runtime.runtimes import search

pytestmark = pytest.mark.local_only

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with nothing but an empty home folder; what was found before is forgotten, before and after."""
    for cached in (search.python, search.node):
        cached.cache_clear()
    for name in ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "NVM_DIR", search.VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    for cached in (search.python, search.node):
        cached.cache_clear()


def claims(path: Path, version: str, prefix: str | None = None) -> Path:
    """Create a program that says that it is an interpreter of a version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    installation = f'"{prefix}"' if prefix else "null"
    path.write_text(f'#!/bin/sh\necho \'["{version}", "{path}", {installation}, []]\'\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_localstacks_own_python_is_found_on_no_path() -> None:
    found = search.python(OWN)

    assert found.version.startswith(f"{OWN}.")
    assert found.program == Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
    assert found.prefix is not None
    assert os.path.realpath(found.prefix) == os.path.realpath(sys.base_prefix)


def test_named_folders_come_before_the_path_and_the_path_before_version_managers(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uv = claims(
        machine / ".local/share/uv/python/cpython-3.10.9-linux/bin/python3.10",
        "3.10.9",
        str(machine / ".local/share/uv"),
    )
    newer = claims(machine / ".pyenv/versions/3.10.12/bin/python3.10", "3.10.12", str(machine / ".pyenv"))
    claims(machine / ".pyenv/versions/3.10.2/bin/python3.10", "3.10.2", str(machine / ".pyenv"))
    on_path = claims(machine / "bin/python3.10", "3.10.1", "/opt/python")
    named = claims(machine / "named/bin/python3.10", "3.10.3", "/opt/named")

    found = []
    for remove in (named, on_path, newer, machine / ".pyenv/versions/3.10.2/bin/python3.10", uv):
        monkeypatch.setenv(search.VARIABLE, f"/absent:{machine / 'named'}")
        search.python.cache_clear()
        found.append(search.python("3.10").version)
        remove.unlink()

    assert found == ["3.10.3", "3.10.1", "3.10.12", "3.10.2", "3.10.9"]
    search.python.cache_clear()
    with pytest.raises(RuntimeError, match=r"needs Python 3.10, and none was found"):
        search.python("3.10")


def test_pyenvs_folder_is_found_by_its_shims(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claims(machine / "elsewhere/versions/3.10.4/bin/python3.10", "3.10.4", "/opt/python")
    shim = machine / "elsewhere/shims/python3.10"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(shim.parent))

    assert search.python("3.10").version == "3.10.4"


@pytest.mark.parametrize(
    "what", ["another version", "no answer", "a home folder", "a home folder's parent", "~/.local"]
)
def test_an_interpreter_that_cannot_be_used_is_passed_over(machine: Path, what: str) -> None:
    program = machine / "bin" / "python3.10"
    prefixes = {"a home folder": machine, "a home folder's parent": machine.parent, "~/.local": machine / ".local"}
    if what == "no answer":
        program.parent.mkdir()
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
    else:
        version = "3.11.1" if what == "another version" else "3.10.1"
        claims(program, version, str(prefixes.get(what, "/opt/python")))

    with pytest.raises(RuntimeError, match="none was found"):
        search.python("3.10")


def test_the_next_newer_node_takes_the_place_of_a_missing_one(
    machine: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    claims(machine / "bin/node", "20.1.0")
    claims(machine / ".nvm/versions/node/v24.9.0/bin/node", "24.9.0")
    claims(machine / ".nvm/versions/node/v24.10.0/bin/node", "24.10.0")
    claims(machine / ".nvm/versions/node/v26.0.0/bin/node", "26.0.0")

    assert search.node(20).version == "20.1.0"
    assert caplog.text == ""
    assert search.node(22).version == "24.10.0"
    assert "Functions of runtime nodejs22.x run with Node.js 24.10.0" in caplog.text


def test_an_older_node_is_refused_and_named(machine: Path) -> None:
    program = claims(machine / "bin/node", "18.1.0")

    with pytest.raises(RuntimeError, match=f"needs Node.js 20 or later, and none was found.*18.1.0 \\({program}\\)"):
        search.node(20)


def test_libraries_outside_an_installation_are_shown() -> None:
    files = (
        "/usr/lib/libssl.so.3",
        "/opt/python/lib/libpython3.so",
        "/x/site-packages/a.so",
        "[vdso]",
        "/custom/libz.so",
    )

    assert search.outside(files, "/opt/python") == {"/usr/lib", "/custom"}
