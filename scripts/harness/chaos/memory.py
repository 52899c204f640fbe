"""Memory of LocalStack and of the function's environments while a soak runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from harness import usage
from harness.console import Step
from harness.stack import Stack

EVERY_SECONDS = 2.0
KINDS = ("localstack", "function")
MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """Resident memory at one moment.

    Attributes:
        seconds: since the first sample.
        events: put until then.
        instance: which LocalStack: after a kill there is another.
        mib: of each of `KINDS`, in MiB; of the function all environments together.
        environments: of the function.
    """

    seconds: float
    events: int
    instance: str
    mib: dict[str, float]
    environments: int


class Sampler:
    """Takes samples in a thread of its own; use it as a context.

    Args:
        stack: a stack that is up.
        step: its `done` is the number of events put.

    Attributes:
        samples: in the order of their time; none is taken while LocalStack is not there.
    """

    def __init__(self, stack: Stack, step: Step) -> None:
        self.samples: list[Sample] = []
        self._stack, self._step = stack, step
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Sampler:
        self._take()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._take()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self._take()

    def _take(self) -> None:
        found = usage.of(self._stack)
        mib = {kind: sum(one.memory_bytes for one in found if one.kind == kind) / MIB for kind in KINDS}
        if mib["localstack"]:
            seconds = time.monotonic() - self._started
            count = sum(one.kind == "function" for one in found)
            self.samples.append(Sample(seconds, self._step.done, self._stack.instance, mib, count))


def figures(samples: list[Sample], kind: str) -> dict[str, Any]:
    """Start, largest and end in MiB, and growth in MiB per 100,000 events put.

    Growth is that of the last LocalStack: one that was killed has taken its memory with it. None without events.

    Args:
        samples: at least one.
        kind: one of `KINDS`.
    """
    values = [sample.mib[kind] for sample in samples]
    last = [sample for sample in samples if sample.instance == samples[-1].instance]
    put = last[-1].events - last[0].events
    growth = (last[-1].mib[kind] - last[0].mib[kind]) / put * 100_000 if put else None
    return {
        "start": round(values[0]),
        "largest": round(max(values)),
        "end": round(values[-1]),
        "growth_per_100000_events": None if growth is None else round(growth, 1),
    }
