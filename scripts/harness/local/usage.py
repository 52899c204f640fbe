"""Measures the memory and processor time of a stack's processes or containers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from harness.machine import engine, processes
from harness.stack.state import DOCKER, Stack

if TYPE_CHECKING:
    from docker.models.containers import Container

# By a word in the command. The order matters: function and Kinesis server are in folders of LocalStack.
KINDS = (
    ("runtimes/client", "function"),  # the runtime clients that the emulator starts
    ("kinesis", "kinesis server"),
    ("localstack", "localstack"),
    ("-m ministack", "ministack"),
)


@dataclass(frozen=True)
class Usage:
    """The resources that a process or container uses.

    Attributes:
        kind: `localstack`, `ministack`, `kinesis server`, `function`, `registry` or `mlflow`.
        memory_bytes: resident memory; for a container, of all its processes, without the file cache.
        cpu_seconds: processor time since its start.
    """

    kind: str
    memory_bytes: int
    cpu_seconds: float


def of(stack: Stack) -> list[Usage]:
    """Return the usage of everything that runs for a stack."""
    if stack.runtime == DOCKER:
        return list(_of_containers(stack))
    return list(_of_processes(stack))


def _of_processes(stack: Stack) -> Iterator[Usage]:
    for process in processes.of_stack(stack.folder):
        with contextlib.suppress(psutil.Error):  # an idle environment may end at any time
            command = processes.command_line(process)
            kind = next((kind for word, kind in KINDS if word in command), "function")
            times = process.cpu_times()
            yield Usage(kind, process.memory_info().rss, times.user + times.system)


def _of_containers(stack: Stack) -> Iterator[Usage]:
    from harness.local import containers  # imports the engine's client, which processes need not

    services = engine.containers(engine.PROJECT_LABEL, stack.project, status="running")
    for container in [*services, *containers.functions(stack)]:
        with contextlib.suppress(*engine.errors(), KeyError):
            yield _of_container(container)


def _of_container(container: Container) -> Usage:
    found = engine.stats(container)
    memory = found["memory_stats"]
    # The file cache is reclaimable; its key depends on the version of control groups, 2 or 1.
    cache = memory["stats"].get("inactive_file", memory["stats"].get("total_inactive_file", 0))
    cpu_seconds = found["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
    return Usage(container.labels.get(engine.SERVICE_LABEL, "function"), memory["usage"] - cache, cpu_seconds)
