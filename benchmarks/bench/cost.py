"""Memory and processor time of an emulator with all it starts: Kinesis server, function, registry, tracking server."""

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
    """Resident memory now, the parts in the remark."""
    parts: dict[str, float] = {}
    for used in usage.of(stack):
        parts[used.kind] = parts.get(used.kind, 0) + used.memory_bytes / 2**20
    shown = ", ".join(f"{kind} {mib:.0f}" for kind, mib in sorted(parts.items(), key=lambda part: -part[1]))
    return {key: figures.of_rounds([sum(parts.values())], "MiB", shown)}


def at_rest(stack: Stack, step: Step) -> dict[str, Figure]:
    """Memory after the sample event, and processor time while no event comes."""
    step.note("memory and processor at rest")
    found = memory(stack, "memory_at_rest")
    shares = []
    for _ in range(REST_ROUNDS):
        before, started = cpu_seconds(stack), time.monotonic()
        time.sleep(REST_SECONDS)
        # The engine may take seconds to answer on its containers.
        shares.append((cpu_seconds(stack) - before) / (time.monotonic() - started) * 100)
    return found | {"cpu_at_rest": figures.of_rounds(shares, UNIT)}


class Others:
    """Processor time of all that belongs neither to the target nor to this client: how far a figure can be trusted."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._started, self._before = time.monotonic(), self._seconds()

    def figure(self) -> Figure:
        """Their mean share since this was made; that of function processes that have ended meanwhile is in it."""
        share = (self._seconds() - self._before) / (time.monotonic() - self._started) * 100
        return figures.of_rounds([max(0.0, share)], UNIT)

    def _seconds(self) -> float:
        machine, client = psutil.cpu_times(), psutil.Process().cpu_times()
        used = machine.user + machine.system + getattr(machine, "nice", 0.0)
        return float(used - client.user - client.system - cpu_seconds(self._stack))
