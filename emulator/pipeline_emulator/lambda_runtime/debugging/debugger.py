"""What a function's environment needs to start under debugpy, which waits there for a debugger."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from pipeline_emulator.sandbox.protocol import Isolation, Specification

# Where a function has debugpy, and beside it our `sitecustomize`, which starts it.
FOLDER = "/var/debugger"
PORT_VARIABLE = "PIPELINE_DEBUGGER_PORT"
_PYTHONPATH = "PYTHONPATH"


@dataclasses.dataclass(frozen=True)
class Debugger:
    """What an environment starts under.

    Attributes:
        folder: debugpy and our `sitecustomize`, on this machine.
        port: where debugpy waits, on the loopback address of the environment's network.
        memory_bytes: what the function may use more than its own limit.
    """

    folder: Path
    port: int
    memory_bytes: int = 512 * 2**20

    def variables(self, function: Mapping[str, str], folder: str = FOLDER) -> dict[str, str]:
        """Return environment variables with which the function starts under debugpy.

        Args:
            function: its own.
            folder: where it sees `self.folder`.
        """
        path = os.pathsep.join(part for part in (folder, function.get(_PYTHONPATH, "")) if part)
        return {**function, _PYTHONPATH: path, PORT_VARIABLE: str(self.port)}

    def add_to(self, specification: Specification) -> None:
        """Let a function in a sandbox start under debugpy."""
        in_namespaces = specification.isolation is not Isolation.PROCESS_GROUP
        seen = FOLDER if in_namespaces else str(self.folder)
        specification.environment = self.variables(specification.environment, seen)
        specification.memory_bytes += self.memory_bytes
        if in_namespaces:
            specification.shown.append([str(self.folder), FOLDER])
