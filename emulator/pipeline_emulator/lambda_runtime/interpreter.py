"""The interpreter that functions run with, and how it sees the function's code."""

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
    """An interpreter without any installed package, neither the emulator's nor the machine's.

    A package that is missing from the Zip is then missing here as it is on AWS.
    """
    folder = Path(tempfile.mkdtemp(prefix="lambda-python-"))
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


def runtime_dir() -> Path:
    """The folder with `awslambdaric` and `boto3`: what AWS's managed runtime brings.

    Raises:
        RuntimeError: It is not set or incomplete; the message says what to do.
    """
    value = os.environ.get(RUNTIME_DIR_VARIABLE, "")
    folder = Path(value).absolute()
    if not value or not (folder / "awslambdaric").is_dir():
        raise RuntimeError(
            f"{RUNTIME_DIR_VARIABLE}={value} does not hold awslambdaric: make the default folder with"
            " `pipeline-emulator lambda-runtime`, or set the variable to one that holds it"
        )
    return folder


def needed_folders(code: Path) -> list[str]:
    """All folders a function needs to see, by the names it uses and by their real ones."""
    folders = [code, runtime_dir(), interpreter().parents[1], Path(sys.base_prefix)]
    return sorted({str(path) for folder in folders for path in (folder, folder.resolve())})


def compile_code(folder: Path) -> None:
    """Compiles a folder once, so that no cold start does it again in a read-only file system.

    Done unless the folder, or the Zip it comes from, brings compiled files.
    """
    if next(folder.rglob("__pycache__"), None) is None:
        command = [sys._base_executable, "-m", "compileall", "-q", "-j", "0", str(folder)]  # type: ignore[attr-defined]
        # What does not compile, or cannot be written, is left to the import: it may never come.
        subprocess.run(command, capture_output=True, check=False)


@functools.cache
def compile_runtime() -> None:
    """Compiles the runtime client and the SDK; boto3 takes most of a second otherwise, at each cold start."""
    compile_code(runtime_dir())
