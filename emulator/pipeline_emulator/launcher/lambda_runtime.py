"""The stand-in for AWS's managed Python runtimes: a folder with `awslambdaric` and `boto3`, locked by hash.

One folder serves every version of Python: the packages are the same, and compiled modules have it in their names.
"""

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from pipeline_emulator.lambda_runtime.runtimes.versions import PYTHONS, python_tag
from pipeline_emulator.launcher.errors import EmulatorError

_COMPILED = ("awslambdaric", "simplejson")  # the packages with compiled modules
_CLIENT = "runtime_client"
# With these a start without a network goes on within seconds.
_FEW_RETRIES = {"PIP_RETRIES": "1", "PIP_TIMEOUT": "10", "UV_HTTP_RETRIES": "1", "UV_HTTP_TIMEOUT": "10"}
_INSTALL_SECONDS = 900.0
_COMMAND = "pipeline-emulator lambda-runtime"


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


def provide(chosen: Mapping[str, str], environment: Mapping[str, str]) -> None:
    """Create the default folder before a start that needs it; without it the emulator starts, too, with a warning.

    Args:
        chosen: the settings of the start. A folder that the user has named is left to the user.
        environment: the user's environment.
    """
    folder = Path(chosen["lambda_runtime_dir"])
    if chosen["lambda_executor"] == "container" or is_complete(folder):
        return
    reason, remedy = f"{folder} does not contain awslambdaric", _COMMAND
    if folder == default_folder(environment):
        click.echo("installing the packages for functions from Zips, once ...", err=True)
        try:
            install(folder, {**_FEW_RETRIES, **environment})
        except EmulatorError as error:
            reason, remedy = error.cause, f"{error.next_step}; then {_COMMAND}"
        else:
            return
    click.echo(f"warning: functions from Zips will fail: {reason}\nnext:    {remedy}", err=True)


def install(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Create the folder, completely or not at all, or add what it lacks. Several processes may do so at a time.

    Args:
        folder: where to install.
        environment: the installer's environment.

    Returns:
        The versions of Python that were left out, with the reason: a package may not be published for them here.

    Raises:
        EmulatorError: there is no installer, it failed, or the folder cannot be written.
    """
    try:
        return _install(folder, environment)
    except OSError as error:
        cause = f"{folder} cannot be written: {error.strerror}"
        raise EmulatorError(cause, "choose another folder, with --folder or XDG_CACHE_HOME") from None


def _install(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    if is_complete(folder):
        return _add_versions(folder, environment)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"{folder.name}.", dir=folder.parent) as temporary:
        unfinished = Path(temporary, "unfinished")
        _run(environment, unfinished, lock())
        left_out = _add_versions(unfinished, environment)
        _publish(unfinished, folder)
    return left_out


def _publish(unfinished: Path, folder: Path) -> None:
    if not is_complete(folder):  # never remove what another process has just installed and uses
        shutil.rmtree(folder, ignore_errors=True)
    try:
        unfinished.rename(folder)
    except OSError:
        if not is_complete(folder):  # another process was faster
            raise


def _add_versions(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Add the compiled modules for other versions of Python; no interpreter of these is needed."""
    left_out = {}
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        requirements = Path(temporary, "requirements.txt")
        requirements.write_text(_only(_COMPILED, lock().read_text()))
        for version in missing_versions(folder):
            target = Path(temporary, version)
            try:
                _run(environment, target, requirements, "--only-binary", ":all:", "--python-version", version)
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


def _run(environment: Mapping[str, str], target: Path, requirements: Path, *options: str) -> None:
    arguments = ("--quiet", "--no-deps", "--require-hashes", *options, "--target", str(target))
    command = [*_installer(), *arguments, "-r", str(requirements)]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        cause = f"the Lambda runtime was not installed within {_INSTALL_SECONDS:.0f} s"
        raise EmulatorError(cause, "check the network and pip's settings") from error
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
