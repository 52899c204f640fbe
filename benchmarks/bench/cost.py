"""Memory and CPU time of an emulator and all it starts: Kinesis server, function, registry, tracking server."""

from __future__ import annotations

import time

import psutil

from benchmarks.bench import figures
from benchmarks.bench.figures import Figure
from benchmarks.bench.throughput import cpu_seconds
from harness.console import Step
from harness.local import usage
from harness.stack.state import Stack

REST_SECONDS, REST_ROUNDS = 3.0, 3
UNIT = "% of a core"


def memory(stack: Stack, key: str) -> dict[str, Figure]:
    """Current resident memory; the remark lists the parts."""
    parts: dict[str, float] = {}
    for used in usage.of(stack):
        parts[used.kind] = parts.get(used.kind, 0) + used.memory_bytes / 2**20
    shown = ", ".join(f"{kind} {mib:.0f}" for kind, mib in sorted(parts.items(), key=lambda part: -part[1]))
    return {key: figures.of_rounds([sum(parts.values())], "MiB", shown)}


def at_rest(stack: Stack, step: Step) -> dict[str, Figure]:
    """Memory after the sample event, and CPU time while idle."""
    step.note("memory and CPU at rest")
    found = memory(stack, "memory_at_rest")
    shares = []
    for _ in range(REST_ROUNDS):
        before, started = cpu_seconds(stack), time.monotonic()
        time.sleep(REST_SECONDS)
        # The engine may take seconds to report on its containers.
        shares.append((cpu_seconds(stack) - before) / (time.monotonic() - started) * 100)
    return found | {"cpu_at_rest": figures.of_rounds(shares, UNIT)}


class Others:
    """CPU time used by neither the target nor this client; shows how far a figure can be trusted."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._started, self._before = time.monotonic(), self._seconds()

    def figure(self) -> Figure:
        """Their mean share since creation; includes function processes that have ended since."""
        share = (self._seconds() - self._before) / (time.monotonic() - self._started) * 100
        return figures.of_rounds([max(0.0, share)], UNIT)

    def _seconds(self) -> float:
        machine, client = psutil.cpu_times(), psutil.Process().cpu_times()
        used = machine.user + machine.system + getattr(machine, "nice", 0.0)
        return float(used - client.user - client.system - cpu_seconds(self._stack))
