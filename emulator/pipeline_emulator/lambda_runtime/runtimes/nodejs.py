"""Functions of the runtimes nodejs20.x, nodejs22.x and nodejs24.x, with a runtime client of our own.

docs/decisions/2026-11-29-function-runtimes.md says why.
"""

import os
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import VersionFunctionConfiguration

from pipeline_emulator.lambda_runtime import shown_files
from pipeline_emulator.lambda_runtime.runtimes import search
from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES, Folders
from pipeline_emulator.lambda_runtime.runtimes.python import RUNTIME_DIR_VARIABLE

_CLIENT = Path(__file__).with_name("client")
_FILES = tuple(sorted(path.name for path in _CLIENT.glob("*.mjs")))
# Like AWS's runtimes. https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html#nodejs-experimental-features
_DISABLED = ("experimental-detect-module", "experimental-require-module")
_HAVE_THEM = (20, 17)
_HEAP_SHARE = 0.9  # of the function's memory


class NodeRuntime:
    """The stand-in for a managed runtime of Node.js; implements `supported.FunctionRuntime`.

    Args:
        major: the version in the runtime's name, such as 20.

    Raises:
        RuntimeError: this machine lacks the interpreter; the message has the remedy.
    """

    def __init__(self, major: int) -> None:
        self._major = major
        self._interpreter = search.node(major)
        self._modules = _modules()

    def prepare(self, code: Path | None, layers: Path | None) -> None:
        """Do nothing."""

    def shown(self) -> list[list[str]]:
        """Return what the function sees of this machine: the interpreter, its libraries, the runtime client."""
        own = [(self._interpreter.program, IN_NAMESPACES.interpreter / "bin" / "node")]
        own += [(_CLIENT / name, IN_NAMESPACES.runtime / name) for name in _FILES]
        if self._modules:
            own.append((self._modules, IN_NAMESPACES.runtime / self._modules.name))
        return [*shown_files.of_installation(self._interpreter), *shown_files.pairs(own)]

    def folders(self, code: Path, layers: Path) -> Folders:
        """Return the function's folders without namespaces."""
        return Folders(code, _CLIENT, self._interpreter.program.parents[1], layers)

    def command(self, function: VersionFunctionConfiguration, folders: Folders) -> list[str]:
        """Return the command that runs the function."""
        node = self._interpreter.program
        if folders.interpreter == IN_NAMESPACES.interpreter:
            node = folders.interpreter / "bin" / "node"
        heap = f"--max-old-space-size={int(function.memory_size * _HEAP_SHARE)}"
        chosen = (function.environment or {}).get("NODE_OPTIONS", "")
        known = self._interpreter.numbers >= _HAVE_THEM
        disabled = [f"--no-{name}" for name in _DISABLED if known and f"--{name}" not in chosen]
        return [str(node), "--expose-gc", heap, *disabled, str(folders.runtime / "index.mjs")]

    def programs(self, folders: Folders) -> list[str]:  # noqa: ARG002
        """Return nothing: the command names the program."""
        return []

    def variables(self, folders: Folders) -> dict[str, str]:
        """Return the variables that only this runtime sets."""
        modules = folders.runtime / "node_modules"
        if folders.runtime == _CLIENT and self._modules:
            modules = self._modules
        packages = folders.layers / "nodejs"
        path = (packages / f"node{self._major}" / "node_modules", packages / "node_modules", modules)
        return {
            **folders.of_shell,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_nodejs{self._major}.x",
            "NODE_PATH": ":".join(map(str, (*path, folders.runtime, folders.code))),
        }


def _modules() -> Path | None:
    """Return the folder of packages that every function finds, such as the SDK, if there is one.

    AWS's runtimes bring the SDK. Here users install the clients they need; all of them have hundreds of megabytes.
    """
    folder = Path(os.environ.get(RUNTIME_DIR_VARIABLE, ""), "nodejs", "node_modules").absolute()
    return folder if folder.is_dir() else None
