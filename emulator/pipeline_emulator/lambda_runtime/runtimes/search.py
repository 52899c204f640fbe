"""Finds the interpreters of this machine: Python of a version, Node.js of a version or newer."""

import dataclasses
import functools
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

LOG = logging.getLogger(__name__)

VARIABLE = "LAMBDA_INTERPRETERS"
_SECONDS = 20.0  # a busy machine takes long to start a process
_NAME_IT = f"or name its folder in {VARIABLE}"

_MAPS = """[line.split(None, 5)[5].strip() for line in open("/proc/self/maps") if ".so" in line and " /" in line]"""
_ASK_PYTHON = f"""
import json, sys
for module in ("bz2", "ctypes", "curses", "lzma", "readline", "sqlite3", "ssl", "zlib"):
    try:
        __import__(module)
    except ImportError:
        pass
try:
    files = {_MAPS}
except OSError:
    files = []
version = ".".join(map(str, sys.version_info[:3]))
print(json.dumps([version, sys._base_executable, sys.base_prefix, files]))
"""
_ASK_NODE = """
const fs = require("fs");
let files = [];
try {
  files = fs.readFileSync("/proc/self/maps", "utf8").split("\\n").map((line) => line.slice(line.indexOf("/")));
} catch {}
files = files.filter((file) => file.startsWith("/") && file.includes(".so"));
console.log(JSON.stringify([process.versions.node, process.execPath, null, files]));
"""


@dataclasses.dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine.

    Attributes:
        version: such as `3.12.1`.
        program: its path without symbolic links.
        prefix: the folder of its installation, None if it is a single program.
        libraries: folders of the shared libraries that it loads.
    """

    version: str
    program: Path
    prefix: Path | None
    libraries: frozenset[str]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the version."""
        return tuple(int(number) for number in re.findall(r"\d+", self.version))


@functools.cache
def python(version: str) -> Interpreter:
    """Return the first Python of a version, such as `3.12`: a named one, LocalStack's, on the PATH, pyenv's or uv's.

    Raises:
        RuntimeError: there is none; the message has the remedy.
    """
    for path in _pythons(version):
        found = _ask(str(path), "-I", "-c", _ASK_PYTHON)
        if found and found.version.startswith(f"{version}.") and not _is_too_wide(found.prefix):
            return found
    raise RuntimeError(
        f"runtime python{version} needs Python {version}, and none was found: neither on the PATH nor among the"
        f" versions of pyenv and uv. Install it, for example with `uv python install {version}`, {_NAME_IT}"
    )


@functools.cache
def node(major: int) -> Interpreter:
    """Return a Node.js of a major version, or else the next newer one, which one line in the log then names.

    Raises:
        RuntimeError: there is none; the message has the remedy.
    """
    found = dict.fromkeys(answer for path in _nodes() if (answer := _ask(str(path), "-e", _ASK_NODE)))
    if not (enough := [one for one in found if one.numbers[0] >= major]):
        older = ", ".join(sorted(f"{one.version} ({one.program})" for one in found)) or "none"
        raise RuntimeError(
            f"runtime nodejs{major}.x needs Node.js {major} or later, and none was found: neither on the PATH nor among"
            f" the versions of nvm; found: {older}. Install it, {_NAME_IT}"
        )
    chosen = min(enough, key=lambda one: (one.numbers[0], _newest_first(one.version)))
    if chosen.numbers[0] != major:
        LOG.warning("Functions of runtime nodejs%d.x run with Node.js %s (%s)", major, chosen.version, chosen.program)
    return chosen


def outside(files: Iterable[str], *installations: str) -> frozenset[str]:
    """Return the folders of shared libraries that are neither in the installations nor installed packages."""
    prefixes = tuple(f"{folder.rstrip('/')}/" for folder in installations)
    return frozenset(
        os.path.dirname(file)
        for file in files
        if file.startswith("/") and "-packages/" not in file and not file.startswith(prefixes)
    )


def _pythons(version: str) -> Iterator[Path]:
    name = f"python{version}"
    yield from _named(name)
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        yield Path(sys._base_executable)  # type: ignore[attr-defined]
    yield from _on_the_path(name)
    for root in _pyenv_roots():
        yield from _newest(root / "versions", f"{version}.*", name)
    uv = os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python"
    yield from _newest(Path(uv), f"cpython-{version}.*", name)


def _nodes() -> Iterator[Path]:
    yield from _named("node")
    yield from _on_the_path("node")
    nvm = os.environ.get("NVM_DIR") or Path.home() / ".nvm"
    yield from _newest(Path(nvm) / "versions" / "node", "v*", "node")


def _named(name: str) -> Iterator[Path]:
    """Yield the programs of a name in the folders that the user has named."""
    for folder in filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)):
        for path in (Path(folder) / name, Path(folder) / "bin" / name):
            if os.access(path, os.X_OK):
                yield path


def _on_the_path(name: str) -> Iterator[Path]:
    for folder in os.get_exec_path():
        if os.access(path := Path(folder) / name, os.X_OK):
            yield path


def _pyenv_roots() -> list[Path]:
    """Return pyenv's folders: named by its variable, found by its shims on the PATH, or the default."""
    named = os.environ.get("PYENV_ROOT")
    shims = [Path(folder).parent for folder in os.get_exec_path() if Path(folder).name == "shims"]
    return [*([Path(named)] if named else []), *shims, Path.home() / ".pyenv"]


def _newest(folder: Path, pattern: str, name: str) -> list[Path]:
    return [path / "bin" / name for path in sorted(folder.glob(pattern), key=lambda path: _newest_first(path.name))]


def _newest_first(version: str) -> list[int]:
    return [-int(number) for number in re.findall(r"\d+", version)]


def _ask(*command: str) -> Interpreter | None:
    """Return what an interpreter says of itself, or None if it cannot be run."""
    environment = {name: value for name, value in os.environ.items() if name not in ("NODE_OPTIONS", "NODE_PATH")}
    try:
        done = subprocess.run(command, capture_output=True, env=environment, timeout=_SECONDS, check=True)
        version, program, prefix, files = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    resolved = Path(program).resolve()
    installations = (prefix, os.path.realpath(prefix)) if prefix else ()
    return Interpreter(version, resolved, Path(prefix) if prefix else None, outside(files, *installations))


def _is_too_wide(prefix: Path | None) -> bool:
    """Return whether a function that sees an installation would see a home folder, or all programs of a user."""
    home = Path.home().resolve()
    return prefix is not None and (home.is_relative_to(prefix.resolve()) or prefix.resolve() == home / ".local")
