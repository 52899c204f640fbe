"""The execution environments of the live function version, as targets for faults."""

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
    """The process or container of one environment. An operation on one that has ended is no error."""

    name: str

    def kill(self) -> None:
        """Send SIGKILL."""

    def freeze(self) -> None:
        """Stop it from running, without ending it."""

    def thaw(self) -> None:
        """Let it run again."""


def of(stack: Stack) -> list[Worker]:
    """Return the stack's workers, one for each environment of the live version.

    Workers of other versions are idle, or on their last batch.
    """
    mark = f"{VERSION_VARIABLE}={live.version(stack)}"
    if stack.runtime == DOCKER:
        found = containers.functions(stack)
        return [ContainerWorker(container) for container in found if mark in container.attrs["Config"]["Env"]]
    # Whatever the runtime is; what a function starts inherits its environment.
    marked = {process.pid: process for process in processes.of_stack(stack.folder) if mark in _environment(process)}
    return [ProcessWorker(process) for process in marked.values() if _parent(process) not in marked]


def _environment(process: psutil.Process) -> list[str]:
    """Return each variable as `name=value`; nothing if the process has ended."""
    with contextlib.suppress(psutil.Error):
        return [f"{name}={value}" for name, value in process.environ().items()]
    return []


def _parent(process: psutil.Process) -> int | None:
    with contextlib.suppress(psutil.Error):
        return process.ppid()
    return None


class ProcessWorker:
    """A process of this machine."""

    def __init__(self, process: psutil.Process) -> None:
        self.name = str(process.pid)
        self._process = process

    def kill(self) -> None:
        """Send SIGKILL."""
        self._do(self._process.kill)

    def freeze(self) -> None:
        """Send SIGSTOP."""
        self._do(self._process.suspend)

    def thaw(self) -> None:
        """Send SIGCONT."""
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
        """Send SIGKILL to its processes."""
        self._do(self._container.kill)

    def freeze(self) -> None:
        """Pause the container."""
        self._do(self._container.pause)

    def thaw(self) -> None:
        """Unpause the container."""
        self._do(self._container.unpause)

    def _do(self, act: Callable[[], None]) -> None:
        with contextlib.suppress(*engine.errors()):  # "is not running"
            act()
