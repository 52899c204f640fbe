"""What LocalStack and a sandbox tell each other: one JSON object per line over a socket pair.

LocalStack sends first a `Specification`, then commands: `start` the function's runtime, `watch` or `rest` (measure its
memory or not), `kill` it, or `exhaust` it (as `kill`, for too much memory). The sandbox answers with events: `isolated`
or `failed` (once), `started` with the process id, `memory` with bytes whenever more is used than before, `exited` with
the exit status.
"""

import json
from collections.abc import Mapping
from enum import StrEnum


class Isolation(StrEnum):
    """How an execution environment is kept apart, the best first."""

    NAMESPACES = "namespaces"
    USER_NAMESPACES = "user namespaces"
    PROCESS_GROUP = "process group"


class Specification:  # no dataclass: importing `dataclasses` takes as long as starting the interpreter
    """What one sandbox runs, and within which limits.

    Args:
        isolation: How the function is kept apart.
        command: Program and arguments of the function's runtime.
        environment: All of its environment variables.
        folder: Its working folder.
        visible: Folders it needs that must not vanish with the real /tmp.
        tmp_bytes: Size of its /tmp.
        memory_bytes: It is killed when it and its children use more.
    """

    def __init__(
        self,
        isolation: Isolation,
        command: list[str],
        environment: dict[str, str],
        folder: str,
        visible: list[str],
        tmp_bytes: int,
        memory_bytes: int,
    ) -> None:
        self.isolation = isolation
        self.command = command
        self.environment = environment
        self.folder = folder
        self.visible = visible
        self.tmp_bytes = tmp_bytes
        self.memory_bytes = memory_bytes

    def encode(self) -> bytes:
        """The specification as a line."""
        return encode(vars(self))

    @staticmethod
    def decode(line: bytes) -> "Specification":
        """The specification from a line."""
        values = json.loads(line)
        return Specification(**{**values, "isolation": Isolation(values["isolation"])})


def encode(message: Mapping[str, object]) -> bytes:
    """A message as a line."""
    return json.dumps(message).encode() + b"\n"
