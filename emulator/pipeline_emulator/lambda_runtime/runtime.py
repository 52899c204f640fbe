"""The interface between an execution environment and what runs its runtime."""

import asyncio
import dataclasses
from typing import Protocol


class RuntimeStartError(Exception):
    """The environment itself cannot be made; nothing is wrong with the function."""


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
