"""The stand-in for AWS's managed Python runtimes: a folder with `awslambdaric` and `boto3`, locked by hash.

One folder serves every version of Python: the packages are the same, and compiled modules have it in their names.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline_emulator.lambda_runtime.runtimes.versions import PYTHONS, python_tag
from pipeline_emulator.launcher.errors import EmulatorError

_COMPILED = ("awslambdaric", "simplejson")  # the packages with compiled modules
_CLIENT = "runtime_client"


def lock() -> Path:
    """Return the lock file of the folder's packages: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "lambda-runtime.txt"
    return inside if inside.exists() else package.with_name("lambda-runtime.txt")


def default_folder(environment: Mapping[str, str]) -> Path:
    """Return the default folder. Its name changes with the lock file and the versions."""
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    digest = hashlib.sha256(lock().read_bytes() + " ".join(PYTHONS).encode()).hexdigest()[:12]
    return Path(base) / "pipeline-emulator" / f"lambda-runtime-{digest}"


def is_complete(folder: Path) -> bool:
    """Return whether a folder has the runtime client, for at least one version."""
    return (folder / "awslambdaric").is_dir()


def missing_versions(folder: Path) -> list[str]:
    """Return the versions of Python that a folder's runtime client is not compiled for."""
    return [version for version in PYTHONS if not _compiled(folder, version)]


def install(folder: Path) -> dict[str, str]:
    """Create the folder, completely or not at all, or add what it lacks. Several processes may do so at a time.

    Returns:
        The versions of Python that were left out, with the reason: a package may not be published for them here.

    Raises:
        EmulatorError: there is no installer, or it failed.
    """
    if is_complete(folder):
        return _add_versions(folder)
    unfinished = folder.with_name(f"{folder.name}.unfinished-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    _run(unfinished, lock())
    left_out = _add_versions(unfinished)
    if not is_complete(folder):  # never remove what another process has just installed and uses
        shutil.rmtree(folder, ignore_errors=True)
    try:
        unfinished.rename(folder)
    except OSError:
        if not is_complete(folder):  # another process was faster
            raise
        shutil.rmtree(unfinished)
    return left_out


def _add_versions(folder: Path) -> dict[str, str]:
    """Add the compiled modules for other versions of Python; no interpreter of these is needed."""
    left_out = {}
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(_only(_COMPILED, lock().read_text()))
        for version in missing_versions(folder):
            target = Path(temporary, version)
            try:
                _run(target, requirements, "--only-binary", ":all:", "--python-version", version)
            except EmulatorError as error:
                left_out[version] = error.cause
            for module in target.rglob(f"*.{python_tag(version)}*.so"):
                module.replace(folder / module.relative_to(target))
    return left_out


def _compiled(folder: Path, version: str) -> bool:
    return next(folder.glob(f"{_CLIENT}.{python_tag(version)}*.so"), None) is not None


def _only(names: Sequence[str], requirements: str) -> str:
    """Return the entries of some packages in a lock file, with their hashes in the lines that follow."""
    kept, lines = False, []
    for line in requirements.splitlines():
        if not line.startswith((" ", "#")):
            kept = line.startswith(tuple(f"{name}==" for name in names))
        if kept:
            lines.append(line)
    return "\n".join((*lines, ""))


def _run(target: Path, requirements: Path, *options: str) -> None:
    arguments = ("--quiet", "--no-deps", "--require-hashes", *options, "--target", str(target))
    command = [*_installer(), *arguments, "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise EmulatorError(
            f"the Lambda runtime could not be installed:\n{last}", "check the network and pip's settings"
        )


def _installer() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--compile-bytecode", "--python", sys.executable]
    raise EmulatorError("neither pip nor uv is installed", f"install one of them: {sys.executable} -m ensurepip")
