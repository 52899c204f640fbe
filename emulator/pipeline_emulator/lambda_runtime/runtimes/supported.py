"""The runtime of a function: which are supported, and what each must know."""

import functools
import platform
from pathlib import Path
from typing import Protocol

from localstack.services.lambda_.invocation.lambda_models import VersionFunctionConfiguration

from pipeline_emulator.lambda_runtime.runtimes import nodejs, os_only, python
from pipeline_emulator.lambda_runtime.runtimes.folders import Folders
from pipeline_emulator.lambda_runtime.runtimes.versions import IDENTIFIERS, OS_ONLY

_ARCHITECTURES = {"amd64": "x86_64", "aarch64": "arm64"}


class FunctionRuntime(Protocol):
    """The stand-in for a runtime of AWS."""

    def prepare(self, code: Path | None, layers: Path | None) -> None:
        """Prepare the unpacked code and layers of a function, those that are given."""

    def shown(self) -> list[list[str]]:
        """Return what the function sees of this machine in namespaces: pairs of a path and where it sees it."""

    def folders(self, code: Path, layers: Path) -> Folders:
        """Return the function's folders without namespaces."""

    def command(self, function: VersionFunctionConfiguration, folders: Folders) -> list[str]:
        """Return the command that runs the function."""

    def programs(self, folders: Folders) -> list[str]:
        """Return where the command's program may be, if the command alone does not say."""

    def variables(self, folders: Folders) -> dict[str, str]:
        """Return the variables that only this runtime sets."""


def runtime_of(function: VersionFunctionConfiguration) -> FunctionRuntime:
    """Return the runtime of a function from a Zip.

    Raises:
        RuntimeError: it cannot run on this machine; the message says why, and what can.
    """
    check_architecture(function)
    return _runtime(str(function.runtime))


@functools.cache
def _runtime(identifier: str) -> FunctionRuntime:
    if identifier not in IDENTIFIERS:
        raise RuntimeError(
            f"runtime {identifier} is not supported for functions from Zips, but {', '.join(IDENTIFIERS)} are; a"
            " function from an image may have any"
        )
    if identifier in OS_ONLY:
        return os_only.OsOnlyRuntime()
    if identifier.startswith("python"):
        return python.PythonRuntime(identifier.removeprefix("python"))
    return nodejs.NodeRuntime(int(identifier.removeprefix("nodejs").removesuffix(".x")))


def check_architecture(function: VersionFunctionConfiguration) -> None:
    """Check that a function from a Zip is for this machine. Raises RuntimeError with the remedy if it is not."""
    machine = platform.machine().lower()
    own = _ARCHITECTURES.get(machine, machine)
    if own not in (wanted := [str(one) for one in function.architectures]):
        raise RuntimeError(
            f"the function is for {' and '.join(wanted)}, and functions from Zips run on this machine, which is {own}:"
            f" set its architectures to {own}, or make it a function from an image"
        )
