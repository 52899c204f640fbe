"""The interpreter of Zip functions, the managed runtime's folder, and compiled code."""

import functools
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

SUPPORTED_RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"
RUNTIME_DIR_VARIABLE = "PIPELINE_LAMBDA_RUNTIME_DIR"


@functools.cache
def interpreter() -> Path:
    """Return an interpreter without installed packages, neither the emulator's nor the machine's.

    A package that is missing from the Zip is then missing here, as on AWS.
    """
    folder = Path(tempfile.mkdtemp(prefix="lambda-python-"))
    folder.chmod(0o755)  # the function's user is another than LocalStack's
    venv.create(folder, with_pip=False, symlinks=True)
    _resolve(folder, Path(sys._base_executable).resolve())  # type: ignore[attr-defined]
    return folder / "bin" / "python"


def _resolve(folder: Path, executable: Path) -> None:
    """Make a virtual environment name its interpreter without links: those may lead through folders not shown."""
    configuration = folder / "pyvenv.cfg"
    lines = configuration.read_text().splitlines()
    lines[:] = [f"home = {executable.parent}" if line.startswith("home = ") else line for line in lines]
    configuration.write_text("\n".join(lines) + "\n")
    python = folder / "bin" / "python"
    python.unlink()
    python.symlink_to(executable)


def runtime_dir() -> Path:
    """Return the folder with `awslambdaric` and `boto3`, which AWS's managed runtime includes.

    Raises:
        RuntimeError: The variable is unset or the folder incomplete; the message has the remedy.
    """
    value = os.environ.get(RUNTIME_DIR_VARIABLE, "")
    folder = Path(value).absolute()
    if not value or not (folder / "awslambdaric").is_dir():
        raise RuntimeError(
            f"{RUNTIME_DIR_VARIABLE}={value} does not contain awslambdaric: create the default folder"
            " with `pipeline-emulator lambda-runtime`, or set the variable to a folder that contains it"
        )
    return folder


def compile_code(folder: Path) -> None:
    """Compile a folder once, so that cold starts, in a read-only file system, do not each compile it again.

    A folder that already has compiled files is left alone, for example if the Zip contained them.
    """
    if next(folder.rglob("__pycache__"), None) is None:
        command = [sys._base_executable, "-m", "compileall", "-q", "-j", "0", str(folder)]  # type: ignore[attr-defined]
        # A file that does not compile, or cannot be written, fails at its import, if it is ever imported.
        subprocess.run(command, capture_output=True, check=False)


@functools.cache
def compile_runtime() -> None:
    """Compile the runtime client and the SDK. Otherwise boto3 takes most of a second at each cold start."""
    compile_code(runtime_dir())
