"""Samples the memory of LocalStack and the function's environments during a soak."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from harness.console import Step
from harness.errors import HarnessError
from harness.local import usage, workers
from harness.machine import engine
from harness.stack.state import Stack

EVERY_SECONDS = 2.0
LOCALSTACK, FUNCTION, ENVIRONMENT = "localstack", "function", "one environment"
KINDS = (LOCALSTACK, FUNCTION, ENVIRONMENT)
# The smallest share of a run's events over which growth is meaningful.
LEAST_SHARE = 0.1
MIB = 2**20


@dataclass(frozen=True)
class Sample:
    """Resident memory at one moment.

    Attributes:
        seconds: since the first sample.
        events: put so far.
        instance: identifies the LocalStack, which changes after a kill.
        mib: of each of `KINDS`, in MiB: the function's sum over its environments, and their mean.
        environments: number of the function's environments.
    """

    seconds: float
    events: int
    instance: str
    mib: dict[str, float]
    environments: int


class Sampler:
    """Takes samples in a thread; use it as a context.

    Args:
        stack: a running stack.
        step: its `done` is the number of events put.

    Attributes:
        samples: in chronological order; none are taken while LocalStack restarts.
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
        # A container that was just replaced, or a LocalStack that was just killed.
        with contextlib.suppress(*engine.errors(), BotoCoreError, ClientError, HarnessError):
            self._add_sample()

    def _add_sample(self) -> None:
        found = usage.of(self._stack)
        localstack = sum(one.memory_bytes for one in found if one.kind == LOCALSTACK) / MIB
        # The function's memory includes the processes that isolate an environment.
        function = sum(one.memory_bytes for one in found if one.kind == FUNCTION) / MIB
        environments = len(workers.of(self._stack))
        if not localstack or not self._stack.ready:
            return
        mib = {
            LOCALSTACK: localstack,
            FUNCTION: function,
            ENVIRONMENT: function / environments if environments else math.nan,
        }
        seconds = round(time.monotonic() - self._started, 1)
        self.samples.append(Sample(seconds, self._step.done, self._stack.instance, mib, environments))


def figures(samples: list[Sample], kind: str) -> dict[str, Any]:
    """Return start, largest and end in MiB, and growth in MiB per 100,000 events; None for unknown figures.

    Growth is that of the last LocalStack: a killed one has freed its memory.

    Args:
        samples: in chronological order.
        kind: one of `KINDS`.
    """
    known = [sample for sample in samples if not math.isnan(sample.mib[kind])]
    if not known:
        return dict.fromkeys(("start", "largest", "end", "growth_per_100000_events"))
    values = [sample.mib[kind] for sample in known]
    last = [sample for sample in known if sample.instance == known[-1].instance]
    put = last[-1].events - last[0].events
    enough = put > LEAST_SHARE * known[-1].events
    growth = (last[-1].mib[kind] - last[0].mib[kind]) / put * 100_000 if enough else None
    return {
        "start": round(values[0]),
        "largest": round(max(values)),
        "end": round(values[-1]),
        "growth_per_100000_events": None if growth is None else round(growth, 1),
    }
