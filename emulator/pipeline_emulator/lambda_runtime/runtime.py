"""The interface between an execution environment and the process or container that runs its runtime."""

import asyncio
import dataclasses
from typing import Protocol

from pipeline_emulator.gateway.sockets import Connection


class RuntimeStartError(Exception):
    """The environment itself cannot be created. Nothing is wrong with the function."""


@dataclasses.dataclass(frozen=True)
class Exit:
    """How a runtime ended: its exit status, or the negative number of the signal that killed it.

    Attributes:
        returncode: Status or signal.
        not_started: The operating system's reason if the entry point could not be started, else None.
    """

    returncode: int
    not_started: str | None = None


class Runtime(Protocol):
    """Runs a function's runtime, as a process or in a container."""

    exited: asyncio.Future[Exit]

    @property
    def container_id(self) -> str | None:
        """The id of its container; None if it is no container, or has none at the moment."""

    async def start(self, api_address: str) -> None:
        """Start the runtime, or restart it after it has ended. Sets a new `exited`; raises `RuntimeStartError`."""

    async def kill(self) -> None:
        """Kill the runtime with all its children; return when none is left."""

    async def exhaust_memory(self) -> None:
        """Kill the runtime as the kernel does when it exceeds its memory; return when none is left."""

    async def made(self, connection: Connection) -> bool:
        """Return whether the runtime, or a child of it, made a connection to its Runtime API."""

    def watch(self, *, busy: bool) -> None:
        """Enforce the memory limit while the runtime is busy."""

    def peak_bytes(self) -> int:
        """Return the peak memory use since the start."""

    async def settle(self) -> None:
        """Return when everything the runtime has written so far is in the output's pipes."""

    async def close(self) -> None:
        """Kill the runtime and free its resources."""
