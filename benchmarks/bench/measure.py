"""All measurements of one target, in an order in which none leaves a backlog to the next."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.bench import cost, figures, handler, held, independent, latency, loop, puts, throughput
from benchmarks.bench.figures import Figure
from benchmarks.bench.targets import Target
from harness import console
from harness.console import Step
from harness.errors import HarnessError
from harness.paths import CACHE, shown
from harness.stack import mapping
from harness.stack.state import Stack

LOG = CACHE / "logs" / "bench.log"
SETTINGS = ("BatchSize", "MaximumBatchingWindowInSeconds", "ParallelizationFactor", "StartingPosition")


@dataclass
class Result:
    """The results for a target.

    Attributes:
        target: the measured target.
        reason: why nothing could be measured; empty if something was.
        settings: of its event source mapping, as reported by the target.
        figures: by their names in the report.
        failed: failed measurements and why; includes those of a target that never started.
        faults: events lost, wrong or late.
    """

    target: Target
    reason: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Figure] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def measure(result: Result, counts: Sequence[int]) -> None:
    """Starts a target, measures it and stops it; failures become reasons in the result.

    Args:
        result: names the target, and collects the results.
        counts: events of each throughput measurement, ascending.
    """
    target = result.target
    result.reason = target.missing() or ""
    if result.reason:
        console.warn(f"{target.title} is not measured: {result.reason}")
        return
    console.say(f"── {target.title}")
    started = time.monotonic()
    try:
        with target.open() as stack:
            result.figures |= loop.up(time.monotonic() - started)
            _all(stack, result, counts)
    except KeyboardInterrupt:
        result.failed.append("interrupted")
        raise
    except Exception as error:
        result.reason = _cause(error)
        result.failed.append(result.reason)
        console.warn(f"{target.title} is not measured: {result.reason}")


def _all(stack: Stack, result: Result, counts: Sequence[int]) -> None:
    found = mapping.of(stack)
    result.settings = {name: found.get(name) for name in SETTINGS}
    others = cost.Others(stack)
    _part(result, "at rest", stack, cost.at_rest)
    if result.target.ours:
        _part(result, "up again, and a changed line", stack, loop.measured)
    _part(result, "cold and warm Invoke", stack, latency.invokes)
    _part(result, "puts beside a stub", stack, puts.beside_stub)
    _part(result, "bare round trips through Kinesis", stack, latency.bare_round_trips)
    _part(result, "single events, put to prediction", stack, latency.single_events)
    late = _throughput(result, stack, counts)
    if late is None or late > independent.EVENTS:
        _part(result, f"{independent.EVENTS:,} events of an independent client", stack, independent.many_events)
    else:  # it would find the backlog
        result.figures[independent.RATE] = figures.unmeasured(throughput.UNIT, _exceeded(late))
    result.figures |= cost.memory(stack, "memory_afterwards")
    if handler.applies_to(stack):
        _part(result, "the function's code alone", stack, handler.measured)
    _part(result, f"PutRecords of 500, up to {held.LEVELS[-1]:,} records held", stack, held.put_records)
    result.figures["cpu_of_others"] = others.figure()


def _throughput(result: Result, stack: Stack, counts: Sequence[int]) -> int | None:
    """Measure each number of events; return the first that took too long, after which none is tried."""
    late: int | None = None
    for count in counts:
        if late is not None:
            reason = _exceeded(late)
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
    return late


def _exceeded(count: int) -> str:
    return f"{count:,} events already exceeded their deadline"


def _part(result: Result, title: str, stack: Stack, measurement: Callable[[Stack, Step], dict[str, Figure]]) -> None:
    """Runs one measurement; if it fails, the others still run."""
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
    """Formats an error as one line; its details go to the log, because a rival's error may be our fault."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("a", encoding="utf-8") as log:
        log.write("".join(traceback.format_exception(error)) + "\n")
    text = error.cause if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    said = next((line for line in lines[1:] if "error" in line.lower()), "")  # among the program's last lines
    return f"{lines[0][:200]} {said[:200]}".rstrip() + f" (details in {shown(LOG)})"
