"""Many events at the highest steady rate that the stack holds, under faults every few seconds."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from harness import chaos, console, ledger
from harness.chaos import memory, stream
from harness.chaos.fault_run import Outcome
from harness.chaos.memory import Sample, Sampler
from harness.errors import HarnessError
from harness.folders import write_whole
from harness.paths import CACHE, shown
from harness.stack import Stack

EVENTS = 200_000
# A burst says what the pipeline can do at most. Steps of it are tried, each for some seconds: the first at which
# predictions keep up is the rate. Half and less always leave room for what faults cost.
BURST_EVENTS = 20_000
SHARES = (0.8, 0.65, 0.5, 0.35)
HOLD_SECONDS = 10.0
HELD_LATENCY_MS = 1_000.0  # of 9 in 10 events; where a backlog grows, it is many seconds


@dataclass(frozen=True)
class Soak:
    """What a soak came to.

    Attributes:
        burst: events a second of the calibrating burst; None when the rate was given.
        rate: events a second that were asked for.
        outcome: with the ledger.
        samples: of memory.
    """

    burst: float | None
    rate: float
    outcome: Outcome
    samples: list[Sample]

    def report(self) -> dict[str, Any]:
        """All figures; rates in events a second, memory in MiB, times in seconds."""
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
    """Finds the rate, puts the events under faults and samples memory meanwhile.

    Args:
        stack: a stack that is up.
        seed: chooses events and faults.
        count: number of events.
        rate: events a second; found by calibration when None.
    """
    burst = None
    if rate is None:
        burst, rate = calibrated(stack)
    title = f"{count} events at {rate:.0f} a second under the faults of SEED={seed}"
    with console.step(title) as step, Sampler(stack, step) as sampler:
        outcome = chaos.run(stack, seed, step, count, rate)
    return Soak(burst, rate, outcome, sampler.samples)


def calibrated(stack: Stack) -> tuple[float, float]:
    """Events a second of a burst, and the highest share of it at which predictions keep up.

    Raises:
        HarnessError: events were lost without any fault, or not even the lowest share is held.
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
        f"{rate:.0f} events a second are not held for {HOLD_SECONDS:.0f} s", "choose a lower one: make soak RATE=100"
    )


def _measure(stack: Stack, count: int, rate: float | None, step: console.Step) -> dict[str, Any]:
    sent = stream.of_seed(stack, 0, count, invalid=not stack.persistent)  # as in the soak: an invalid one costs more
    result = ledger.run(stack, sent.records, lambda _: sent.answers, step, rate)
    if not result.passed:
        cause = result.broken.cause if result.broken else "events were lost or wrong"
        raise HarnessError(f"{cause}, without any fault", "see what make verify says")
    return result.summary()


def path_for(name: str) -> Path:
    """Where the figures of a stack's last soak are written."""
    return CACHE / "ledger" / f"{name}-soak.json"


def write(soak: Soak, path: Path) -> None:
    """Writes the report, whole or not at all."""
    write_whole(path, json.dumps(soak.report(), indent=1))


def show(soak: Soak, path: Path) -> None:
    """Prints rates and memory, and where all samples stand."""
    report = soak.report()
    burst = f"{soak.burst:.0f} in a burst, " if soak.burst else ""
    console.out.print(
        f"  events a second        {burst}{soak.rate:.0f} asked for, {report['rate']['achieved'] or 0:.0f} achieved"
    )
    table = Table("memory, MiB", "start", "largest", "end", "growth per 100,000 events", box=None, pad_edge=False)
    for kind, found in report["memory"].items():
        table.add_row(kind, *("-" if value is None else f"{value:,}" for value in found.values()))
    console.out.print(table)
    console.say(f"all figures and samples: {shown(path)}")
