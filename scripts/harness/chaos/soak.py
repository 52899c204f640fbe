"""Puts many events at the highest steady rate that the stack sustains, with a fault every few seconds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from harness import chaos, console, ledger
from harness.chaos import memory, workload
from harness.chaos.experiment import Outcome
from harness.chaos.memory import Sample, Sampler
from harness.errors import HarnessError
from harness.machine.files import write_whole
from harness.paths import CACHE, shown
from harness.reports import Grid, Lines, Series
from harness.stack.state import Stack

EVENTS = 200_000
# A burst measures the maximum. Shares of it are tried for some seconds each, and the first at which predictions keep
# up becomes the rate. Half of it or less always leaves room for the cost of faults.
BURST_EVENTS = 20_000
SHARES = (0.8, 0.65, 0.5, 0.35)
HOLD_SECONDS = 10.0
EVENTS_PER_KILL = 100_000  # of LocalStack, if it keeps its streams
HELD_LATENCY_MS = 1_000.0  # of 9 in 10 events; many seconds if a backlog grows


@dataclass(frozen=True)
class Soak:
    """The result of a soak.

    Attributes:
        burst: events per second of the calibrating burst; None if the rate was given.
        rate: requested events per second.
        outcome: with the ledger.
        samples: of memory.
    """

    burst: float | None
    rate: float
    outcome: Outcome
    samples: list[Sample]

    def report(self) -> dict[str, Any]:
        """Return all figures: rates in events per second, memory in MiB, times in seconds."""
        summary = self.outcome.ledger.summary()
        samples = [asdict(sample) for sample in self.samples]
        for sample in samples:  # JSON has no NaN
            sample["mib"] = {kind: None if math.isnan(mib) else round(mib, 1) for kind, mib in sample["mib"].items()}
        return {
            "passed": self.outcome.ledger.passed,
            "seed": self.outcome.seed,
            "seconds": round(self.outcome.seconds, 1),
            "rate": {"burst": self.burst, "asked": round(self.rate, 1), "achieved": summary["events_per_second"]},
            "summary": summary,
            "faults": dict(sorted(self.outcome.happened.items())),
            "memory": {kind: memory.figures(self.samples, kind) for kind in memory.KINDS},
            "samples": samples,
        }


def run(stack: Stack, seed: int, count: int, rate: float | None) -> Soak:
    """Find the rate, then put the events under faults while sampling memory.

    Args:
        stack: a running stack.
        seed: selects events and faults.
        count: number of events.
        rate: events per second; None to calibrate.
    """
    burst = None
    if rate is None:
        burst, rate = calibrate(stack)
    title = f"{count} events at {rate:.0f} a second under the faults of SEED={seed}"
    with console.step(title) as step, Sampler(stack, step) as sampler:
        outcome = chaos.run(stack, seed, step, count, rate, max(1, count // EVENTS_PER_KILL))
    return Soak(burst, rate, outcome, sampler.samples)


def calibrate(stack: Stack) -> tuple[float, float]:
    """Return the events per second of a burst, and the highest share of it at which predictions keep up.

    Raises:
        HarnessError: events were lost without any fault, or even the lowest share is too much.
    """
    with console.step("Find the rate") as step:
        burst = _measure(stack, BURST_EVENTS, None, step)["events_per_second"]
        for share in SHARES:
            rate = burst * share
            latency = _measure(stack, int(rate * HOLD_SECONDS), rate, step)["latency_p90_ms"]
            if latency <= HELD_LATENCY_MS:
                step.result = f"{rate:.0f} a second, {share:.0%} of a burst's {burst:.0f}; p90 {latency:.0f} ms"
                return burst, rate
    raise HarnessError(
        f"the pipeline does not keep up with {rate:.0f} events a second", "choose a lower rate: make soak RATE=100"
    )


def _measure(stack: Stack, count: int, rate: float | None, step: console.Step) -> dict[str, Any]:
    work = workload.generate(stack, 0, count, invalid=not stack.persistent)  # as in the soak
    result = ledger.run(stack, work.records, lambda _: work.answers, step, rate)
    if not result.passed:
        cause = result.broken.cause if result.broken else "events were lost or wrong"
        raise HarnessError(f"{cause}, without any fault", "run make verify")
    return result.summary()


def path_for(name: str) -> Path:
    """Return the file for the figures of a stack's last soak."""
    return CACHE / "ledger" / f"{name}-soak.json"


def write(soak: Soak, path: Path) -> None:
    """Write the report atomically."""
    write_whole(path, json.dumps(soak.report(), indent=1))


def sections(soak: Soak) -> list[Grid | Lines]:
    """Return what the report of a soak has besides the ledger's: rates, and memory over time."""
    report = soak.report()
    rates = Grid("Events a second", ("rate", "value"), list(report["rate"].items()))
    columns = ("memory, MiB", *report["memory"][memory.LOCALSTACK])
    figures = Grid("Memory", columns, [(kind, *found.values()) for kind, found in report["memory"].items()])
    lines = [
        Series(kind, [(one["seconds"], one["mib"][kind]) for one in report["samples"] if one["mib"][kind] is not None])
        for kind in memory.KINDS
    ]
    return [rates, figures, Lines("Memory over time", "MiB", lines)]


def show(soak: Soak, path: Path) -> None:
    """Print rates and memory, and the path of the file."""
    report = soak.report()
    burst = f"{soak.burst:.0f} in a burst, " if soak.burst else ""
    console.out.print(
        f"  events a second        {burst}{soak.rate:.0f} asked for, {report['rate']['achieved'] or 0:.0f} achieved"
    )
    table = Table("memory, MiB", "start", "largest", "end", "growth per 100,000 events", box=None, pad_edge=False)
    for kind, found in report["memory"].items():
        table.add_row(kind, *("-" if value is None else f"{value:,}" for value in found.values()))
    console.out.print(table)
    console.say(f"figures and samples: {shown(path)}")
