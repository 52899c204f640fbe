"""The replacement for AWS's managed Python runtime: a folder with `awslambdaric` and `boto3`, locked by hash."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.launcher.errors import EmulatorError


def lock() -> Path:
    """Return the lock file of the folder's packages: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "lambda-runtime.txt"
    return inside if inside.exists() else package.with_name("lambda-runtime.txt")


def default_folder(environment: Mapping[str, str]) -> Path:
    """Return the default folder. Its name changes with the lock file."""
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pipeline-emulator" / f"lambda-runtime-{hashlib.sha256(lock().read_bytes()).hexdigest()[:12]}"


def is_complete(folder: Path) -> bool:
    """Return whether a folder has the runtime client."""
    return (folder / "awslambdaric").is_dir()


def install(folder: Path) -> None:
    """Create the folder, completely or not at all. Several processes may do so at a time.

    Raises:
        EmulatorError: there is no installer, or it failed.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished-{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = [
        *_installer(),
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "--target",
        str(unfinished),
        "-r",
        str(lock()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise EmulatorError(
            f"the Lambda runtime could not be installed:\n{last}", "check the network and pip's settings"
        )
    if not is_complete(folder):  # never remove what another process has just installed and uses
        shutil.rmtree(folder, ignore_errors=True)
    try:
        unfinished.rename(folder)
    except OSError:
        if not is_complete(folder):  # another process was faster
            raise
        shutil.rmtree(unfinished)


def _installer() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--compile-bytecode", "--python", sys.executable]
    raise EmulatorError("neither pip nor uv is installed", "install one of them: python -m ensurepip")
