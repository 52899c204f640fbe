"""Everything that is measured of one target, in an order that leaves no measurement to the next one's remains."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bench import cost, figures, held, latency, throughput
from benchmarks.bench.figures import Figure
from benchmarks.bench.targets import Target
from harness import console
from harness.console import Step
from harness.errors import HarnessError
from harness.paths import CACHE, shown
from harness.stack.clients import Clients
from harness.stack.state import Stack

LOG = CACHE / "logs" / "bench.log"
SETTINGS = ("BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "StartingPosition")


@dataclass
class Result:
    """What was found of a target.

    Attributes:
        target: what was measured.
        reason: why nothing could be measured; empty when something was.
        settings: of its event source mapping, as the target itself answers them.
        figures: by their names in the report.
        failed: measurements that failed, and why; those of a target that never came up included.
        faults: events lost, wrong or late.
    """

    target: Target
    reason: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def measure(result: Result, counts: Sequence[int]) -> None:
    """Brings a target up, measures it and takes it down; what fails is a reason in the result.

    Args:
        result: names the target, and gets what is found.
        counts: events of each throughput measurement, ascending.
    """
    target = result.target
    result.reason = target.missing() or ""
    if result.reason:
        console.warn(f"{target.title} is not measured: {result.reason}")
        return
    console.say(f"── {target.title}")
    try:
        with target.open() as stack:
            _all(stack, result, counts)
    except KeyboardInterrupt:
        result.failed.append("interrupted")
        raise
    except Exception as error:
        result.reason = _cause(error)
        result.failed.append(result.reason)
        console.warn(f"{target.title} is not measured: {result.reason}")


def _all(stack: Stack, result: Result, counts: Sequence[int]) -> None:
    client = Clients(stack).functions
    mapping = client.get_event_source_mapping(UUID=stack.outputs["event_source_mapping_id"])
    result.settings = {name: mapping.get(name) for name in SETTINGS}
    others = cost.Others(stack)
    _part(result, "at rest", stack, cost.at_rest)
    _part(result, "cold and warm Invoke", stack, latency.invokes)
    _part(result, "bare round trips through Kinesis", stack, latency.bare_round_trips)
    _part(result, "single events, put to prediction", stack, latency.single_events)
    _throughput(result, stack, counts)
    result.figures |= cost.memory(stack, "memory_afterwards")
    _part(result, f"PutRecords of 500, up to {held.LEVELS[-1]:,} records held", stack, held.put_records)
    result.figures["cpu_of_others"] = others.figure()


def _throughput(result: Result, stack: Stack, counts: Sequence[int]) -> None:
    late: int | None = None
    for count in counts:
        if late is not None:
            reason = f"{late:,} events took longer than their deadline already"
            result.figures[throughput.rate_key(count)] = figures.unmeasured(throughput.UNIT, reason)
            result.figures[throughput.cpu_key(count)] = figures.unmeasured(throughput.CPU_UNIT, reason)
            continue

        def many(stack: Stack, step: Step, count: int = count) -> dict[str, Figure]:
            nonlocal late
            found, rounds = throughput.many_events(stack, count, step)
            result.faults += [f"{count:,} events: {done.remark}" for done in rounds if not done.faultless]
            late = count if any(done.late is not None for done in rounds) else None
            return found

        _part(result, f"{count:,} events", stack, many)


def _part(result: Result, title: str, stack: Stack, measurement: Callable[[Stack, Step], dict[str, Figure]]) -> None:
    """One measurement; one that fails leaves the others their turn."""
    try:
        with console.step(f"{result.target.title}: {title}") as step:
            found = measurement(stack, step)
            step.result = ", ".join(figure.text() for figure in found.values())
        result.figures |= found
    except Exception as error:
        cause = _cause(error)
        console.warn(cause)
        result.failed.append(f"{title}: {cause}")


def _cause(error: Exception) -> str:
    """An error as one line; its details go to the log, for a rival's error may be ours."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write("".join(traceback.format_exception(error)) + "\n")
    text = error.cause if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    said = next((line for line in lines[1:] if "error" in line.lower()), "")  # of a program's last lines
    return f"{lines[0][:200]} {said[:200]}".rstrip() + f" (details in {shown(LOG)})"
