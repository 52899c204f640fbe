"""Functions with a runtime of their own, for AWS's OS-only runtimes: the Zip or a layer has a program `bootstrap`.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html
"""

import os
import shutil
from pathlib import Path

from localstack.services.lambda_.invocation.lambda_models import VersionFunctionConfiguration

from pipeline_emulator.lambda_runtime.runtimes.folders import IN_NAMESPACES, Folders

PROGRAM = "bootstrap"


class OsOnlyRuntime:
    """A runtime without an interpreter; implements `supported.FunctionRuntime`."""

    def prepare(self, code: Path | None, layers: Path | None) -> None:
        """Do nothing."""

    def shown(self) -> list[list[str]]:
        """Return bash as /bin/sh, which it is on Amazon Linux. The system's programs are shown to every function."""
        bash, shell = shutil.which("bash"), os.path.realpath("/bin/sh")
        return [[os.path.realpath(bash), shell]] if bash and os.path.realpath(bash) != shell else []

    def folders(self, code: Path, layers: Path) -> Folders:
        """Return the function's folders without namespaces."""
        return Folders(code, IN_NAMESPACES.runtime, IN_NAMESPACES.interpreter, layers)

    def command(self, function: VersionFunctionConfiguration, folders: Folders) -> list[str]:  # noqa: ARG002
        """Return the program's name: it has no arguments."""
        return [PROGRAM]

    def programs(self, folders: Folders) -> list[str]:
        """Return where the program may be: in the Zip, else in a layer."""
        return [str(folder / PROGRAM) for folder in (folders.code, folders.layers)]

    def variables(self, folders: Folders) -> dict[str, str]:
        """Return the variables that only this runtime sets."""
        return {"PATH": f"/usr/local/bin:/usr/bin:/bin:{folders.layers}/bin"}
