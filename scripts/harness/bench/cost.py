"""Memory and processor time of an emulator with all it starts: Kinesis server, function, registry, tracking server."""

from __future__ import annotations

import time

import psutil

from harness import usage
from harness.bench import figures
from harness.bench.figures import Figure
from harness.bench.throughput import cpu_seconds
from harness.console import Step
from harness.stack import Stack

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
    """Memory after the sample event, and processor time while no event comes: the target's, and that of all else."""
    step.note("memory and processor at rest")
    found = memory(stack, "memory_at_rest")
    own, others = [], []
    for _ in range(REST_ROUNDS):
        before, machine, started = cpu_seconds(stack), _machine_seconds(), time.monotonic()
        time.sleep(REST_SECONDS)
        now, all_now, seconds = cpu_seconds(stack), _machine_seconds(), time.monotonic() - started
        own.append((now - before) / seconds * 100)  # the engine may take seconds to answer on its containers
        others.append(max(0.0, (all_now - machine) / seconds * 100 - own[-1]))
    return found | {
        "cpu_at_rest": figures.of_rounds(own, UNIT),
        "cpu_of_others": figures.of_rounds(others, UNIT),
    }


def _machine_seconds() -> float:
    """Processor time that the whole machine has used so far."""
    times = psutil.cpu_times()
    return float(times.user + times.system)
