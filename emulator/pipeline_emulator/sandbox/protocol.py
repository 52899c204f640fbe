"""The protocol between LocalStack and a sandbox: one JSON object per line over a socket pair.

LocalStack first sends a `Specification`, then commands: `start` the runtime, `watch` its memory or let it `rest`,
`kill` it, or `exhaust` it (kill it for exceeding its memory). The sandbox replies with events: `isolated` with the
function's user outside the sandbox, or `failed` (once), `started` with the process id, `memory` with each new peak in
bytes, `exited` with the exit status and, if the runtime's program could not be started, the reason.
"""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

# The runtime's logger writes frames to the descriptor in this variable.
LOG_VARIABLE = "_LAMBDA_TELEMETRY_LOG_FD"


class Isolation(StrEnum):
    """How an execution environment is isolated, best first."""

    NAMESPACES = "namespaces"
    USER_NAMESPACES = "user namespaces"
    PROCESS_GROUP = "process group"


class Specification:  # not a dataclass: importing `dataclasses` takes as long as starting the interpreter
    """What a sandbox runs, and within which limits.

    Args:
        isolation: how the function is isolated.
        command: program and arguments of the function's runtime.
        programs: where the program may be, if the command alone does not say; the first that exists is run.
        environment: all of its environment variables.
        folder: its working directory.
        shown: with namespaces, all that the function sees of this machine: pairs of a path and where it sees it.
        tmp_bytes: size of its /tmp.
        memory_bytes: the limit at which it is killed, together with its children.
    """

    def __init__(
        self,
        isolation: Isolation,
        command: list[str],
        environment: dict[str, str],
        folder: str,
        shown: list[list[str]],
        tmp_bytes: int,
        memory_bytes: int,
        programs: Sequence[str] = (),
    ) -> None:
        self.isolation = isolation
        self.command = command
        self.environment = environment
        self.folder = folder
        self.shown = shown
        self.tmp_bytes = tmp_bytes
        self.memory_bytes = memory_bytes
        self.programs = list(programs)

    def encode(self) -> bytes:
        """Encode the specification as a line."""
        return encode(vars(self))

    @staticmethod
    def decode(line: bytes) -> "Specification":
        """Decode the specification from a line."""
        values = json.loads(line)
        return Specification(**{**values, "isolation": Isolation(values["isolation"])})


def encode(message: Mapping[str, object]) -> bytes:
    """Encode a message as a line."""
    return json.dumps(message).encode() + b"\n"
