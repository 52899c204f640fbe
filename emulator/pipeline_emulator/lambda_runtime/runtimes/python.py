"""Functions of the runtimes python3.10 to python3.14."""

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import VersionFunctionConfiguration

from pipeline_emulator.lambda_runtime import shown_files
from pipeline_emulator.lambda_runtime.runtimes import search
from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES, Folders
from pipeline_emulator.lambda_runtime.runtimes.versions import python_tag

RUNTIME_DIR_VARIABLE = "PIPELINE_LAMBDA_RUNTIME_DIR"
_BOOTSTRAP = Path(__file__).with_name("client") / "bootstrap.py"


class PythonRuntime:
    """The stand-in for a managed runtime of Python; implements `supported.FunctionRuntime`.

    Args:
        version: such as `3.12`.

    Raises:
        RuntimeError: this machine lacks the interpreter, or the runtime client for it; the message has the remedy.
    """

    def __init__(self, version: str) -> None:
        self._version = version
        self._interpreter = search.python(version)
        self._runtime = runtime_dir()
        _check_client(self._runtime, version)

    def prepare(self, code: Path | None, layers: Path | None) -> None:
        """Compile everything once, so that cold starts, in a read-only file system, do not each compile it again."""
        _compile(self._interpreter.program, self._version, self._runtime)
        for folder in (code, layers):
            if folder:
                self._compile_once(folder)

    def shown(self) -> list[list[str]]:
        """Return what the function sees of this machine: the installation, the interpreter, the runtime client."""
        interpreter = _without_packages(self._interpreter)
        own = ((interpreter, IN_NAMESPACES.interpreter), (self._runtime, IN_NAMESPACES.runtime))
        return [*shown_files.of_installation(self._interpreter), *shown_files.pairs(own)]

    def folders(self, code: Path, layers: Path) -> Folders:
        """Return the function's folders without namespaces."""
        return Folders(code, self._runtime, _without_packages(self._interpreter), layers)

    def command(self, function: VersionFunctionConfiguration, folders: Folders) -> list[str]:
        """Return the command that runs the function."""
        python = folders.interpreter / "bin" / "python"
        bootstrap = folders.interpreter / _BOOTSTRAP.name
        return [str(python), "-s", str(bootstrap), str(function.handler), str(folders.layers), str(folders.runtime)]

    def programs(self, folders: Folders) -> list[str]:  # noqa: ARG002
        """Return nothing: the command names the program."""
        return []

    def variables(self, folders: Folders) -> dict[str, str]:
        """Return the variables that only this runtime sets.

        AWS sets PYTHONPATH to $LAMBDA_RUNTIME_DIR, too: functions and their child processes find the runtime client
        and the SDK by it, and a function may set its own.
        """
        name = f"AWS_Lambda_python{self._version}"
        return {**folders.of_shell, "AWS_EXECUTION_ENV": name, "PYTHONPATH": str(folders.runtime)}

    def _compile_once(self, folder: Path) -> None:
        """Leave a folder alone that already has compiled files, for example if the Zip contained them."""
        if next(folder.rglob(f"__pycache__/*.{python_tag(self._version)}.pyc"), None) is None:
            _run_compiler(self._interpreter.program, folder)


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


def _check_client(folder: Path, version: str) -> None:
    """Check that a folder has the part of `awslambdaric` that is compiled for one version of Python."""
    if next(folder.glob(f"runtime_client.{python_tag(version)}*.so"), None) is None:
        raise RuntimeError(
            f"{folder} has no awslambdaric for Python {version}: add it with `pipeline-emulator lambda-runtime"
            f" --folder {folder}`"
        )


@functools.cache
def _compile(program: Path, version: str, runtime: Path) -> None:
    """Compile the runtime client and the SDK. Otherwise boto3 takes most of a second at each cold start."""
    if next(runtime.rglob(f"__pycache__/*.{python_tag(version)}.pyc"), None) is None:
        _run_compiler(program, runtime)


def _run_compiler(program: Path, folder: Path) -> None:
    # A file that does not compile, or cannot be written, fails at its import, if it is ever imported.
    subprocess.run([str(program), "-m", "compileall", "-q", "-j", "0", str(folder)], capture_output=True, check=False)


@functools.cache
def _without_packages(interpreter: search.Interpreter) -> Path:
    """Return a virtual environment without packages, neither the emulator's nor the machine's.

    A package that is missing from the Zip is then missing here, as on AWS. The environment names its interpreter
    without links: those may lead through folders that are not shown.
    """
    folder = Path(tempfile.mkdtemp(prefix="lambda-python-"))
    folder.chmod(0o755)  # the function's user is another than LocalStack's
    version = ".".join(interpreter.version.split(".")[:2])
    for name in ("bin", f"lib/python{version}/site-packages"):
        (folder / name).mkdir(parents=True)
    lines = (f"home = {interpreter.program.parent}", "include-system-site-packages = false")
    (folder / "pyvenv.cfg").write_text("\n".join((*lines, f"version = {interpreter.version}", "")))
    for name in ("python", "python3", f"python{version}"):
        (folder / "bin" / name).symlink_to(interpreter.program)
    shutil.copy(_BOOTSTRAP, folder)
    return folder
