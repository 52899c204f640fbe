"""What the parts of an execution environment tell each other, and what runs its runtime."""

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Protocol


class RuntimeStartError(Exception):
    """The environment itself cannot be made; nothing is wrong with the function."""


@dataclasses.dataclass(frozen=True)
class FunctionSettings:
    """What an environment has to know of its function; `runtime_version` is name and ARN, or None for an image."""

    version: str
    timeout_seconds: float
    memory_mb: int
    runtime_version: tuple[str, str] | None
    tracing: bool


@dataclasses.dataclass(frozen=True)
class Invocation:
    """One event for the function; `trace` is an X-Ray trace header, `client_context` JSON."""

    request_id: str
    function_arn: str
    payload: bytes
    trace: str
    client_context: str | None = None


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the function answered: a result, or the document of an exception."""

    payload: bytes
    is_error: bool


@dataclasses.dataclass(frozen=True)
class Failure:
    """The runtime did not do what it should.

    Attributes:
        status: `timeout` or `error`.
        error_type: AWS's name of the error.
        document: Makes the caller's error document from the request id.
    """

    status: str
    error_type: str | None
    document: Callable[[str], bytes]


@dataclasses.dataclass(frozen=True)
class Result:
    """What the caller of Invoke gets; `log_tail` holds the last 4 KB of the log."""

    payload: bytes
    is_error: bool
    log_tail: str


@dataclasses.dataclass(frozen=True)
class Exit:
    """How a runtime ended: its exit status, or the negative number of the signal that killed it.

    Attributes:
        returncode: Status or signal.
        not_started: The system's reason where the entry point could not even be started.
    """

    returncode: int
    not_started: str | None = None


class Runtime(Protocol):
    """Runs a function's runtime, as a process or in a container."""

    exited: asyncio.Future[Exit]

    async def start(self, api_address: str) -> None:
        """Starts it, again after an end; `exited` is new then. Raises `RuntimeStartError`."""

    async def kill(self) -> None:
        """Kills it with all its children; returns when none is left."""

    async def exhaust_memory(self) -> None:
        """Kills it as the kernel does when it has used up its memory; returns when none is left."""

    def watch(self, *, busy: bool) -> None:
        """Enforces the memory limit while the runtime is busy."""

    def peak_bytes(self) -> int:
        """The most memory used since its start."""

    async def settle(self) -> None:
        """Returns when what the runtime has written before is in the output's pipes."""

    async def close(self) -> None:
        """Kills it and frees what it held."""
