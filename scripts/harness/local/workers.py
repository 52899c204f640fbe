"""The execution environments of the version that answers the events, as whoever wants to harm them sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

import psutil
from docker.models.containers import Container

from harness.local import containers
from harness.machine import engine, processes
from harness.stack import live
from harness.stack.state import DOCKER, Stack

VERSION_VARIABLE = "AWS_LAMBDA_FUNCTION_VERSION"


class Worker(Protocol):
    """What runs the function's code in one environment; what has ended meanwhile is no error."""

    name: str

    def kill(self) -> None:
        """SIGKILL."""

    def freeze(self) -> None:
        """Takes the processor away from it."""

    def thaw(self) -> None:
        """Gives the processor back."""


def of(stack: Stack) -> list[Worker]:
    """The stack's workers, one for each environment; those of other versions are idle, or on their last batch."""
    mark = f"{VERSION_VARIABLE}={live.version(stack)}"
    if stack.runtime == DOCKER:
        found = containers.functions(stack)
        return [ContainerWorker(container) for container in found if mark in container.attrs["Config"]["Env"]]
    return [
        ProcessWorker(process)
        for process in processes.of_stack(stack.folder)
        if "awslambdaric" in processes.command_line(process) and mark in _environment(process)
    ]


def _environment(process: psutil.Process) -> list[str]:
    """`name=value` of each variable; nothing of a process that has ended."""
    with contextlib.suppress(psutil.Error):
        return [f"{name}={value}" for name, value in process.environ().items()]
    return []


class ProcessWorker:
    """A process of this machine."""

    def __init__(self, process: psutil.Process) -> None:
        self.name = str(process.pid)
        self._process = process

    def kill(self) -> None:
        """SIGKILL."""
        self._do(self._process.kill)

    def freeze(self) -> None:
        """SIGSTOP."""
        self._do(self._process.suspend)

    def thaw(self) -> None:
        """SIGCONT."""
        self._do(self._process.resume)

    def _do(self, act: Callable[[], None]) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            act()


class ContainerWorker:
    """A container."""

    def __init__(self, container: Container) -> None:
        self.name = str(container.id)
        self._container = container

    def kill(self) -> None:
        """SIGKILL to its processes."""
        self._do(self._container.kill)

    def freeze(self) -> None:
        """The engine's pause."""
        self._do(self._container.pause)

    def thaw(self) -> None:
        """The end of the pause."""
        self._do(self._container.unpause)

    def _do(self, act: Callable[[], None]) -> None:
        with contextlib.suppress(*engine.ERRORS):  # "is not running"
            act()
