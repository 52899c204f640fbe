"""Runs a seeded schedule of faults over a steady stream of events.

The deployed function contains no code for this: faults come from outside, or from the emulator around it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from harness import console, ledger
from harness.chaos import workload
from harness.chaos.schedule import ALL, KILL, Fault, schedule
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import Ledger, Target
from harness.reports import Mark
from harness.stack import emulator_faults
from harness.stack.state import Stack

RATE = 100.0
EVENTS = 2_000
POLL_SECONDS = 0.02
LEAD = 1_000  # events that may be put after a kill's place, before it begins


@dataclass(frozen=True)
class Outcome:
    """The outcome of a schedule.

    Attributes:
        seed: of the schedule.
        ledger: with the verdict on every event.
        happened: how often each fault took effect.
        seconds: duration, including the wait for the last event.
        faults: each fault in chronological order, in seconds since the epoch.
    """

    seed: int
    ledger: Ledger
    happened: Counter[str]
    seconds: float
    faults: Sequence[Mark] = field(default_factory=list)


def run(
    stack: Stack, seed: int, step: Step, count: int = EVENTS, rate: float = RATE, kills: int | None = None
) -> Outcome:
    """Put events at a steady rate, some of them invalid, while the seed's faults happen.

    Buckets do not survive LocalStack: a schedule that kills it has no invalid events.

    Args:
        stack: a running stack; after a kill it is updated.
        seed: selects events and faults.
        step: shows the progress.
        count: number of events.
        rate: events per second.
        kills: how often a LocalStack that keeps its streams is killed; None to let the time decide.

    Raises:
        HarnessError: the stack does not inject faults.
    """
    emulator_faults.request(stack, "GET")  # fails before anything is put
    started = time.monotonic()
    faults = schedule(seed, count / rate, kill=stack.persistent, kills=kills)
    killed = any(fault.name == KILL for fault in faults)
    work = workload.generate(stack, seed, count, invalid=not killed)
    with FaultInjector(stack, faults, step, rate) as injector:
        target = replace(Target.of(stack), trouble=injector.trouble, held=injector.held)
        result = ledger.run(target, work.records, lambda _: work.answers, step, rate)
    if injector.error:
        result.breaks(injector.error, result.not_put)
    return Outcome(seed, result, injector.happened, time.monotonic() - started, injector.marks)


class FaultInjector:
    """Causes faults in a thread while events are put; use it as a context.

    Args:
        stack: a running stack.
        faults: in chronological order.
        step: its `done` is the number of events put.
        rate: events per second.

    Attributes:
        happened: how often each fault took effect.
        kills: how many kills of LocalStack have begun.
        marks: each fault in chronological order, in seconds since the epoch.
        error: why a fault could not be caused; the rest are then skipped.
    """

    def __init__(self, stack: Stack, faults: Sequence[Fault], step: Step, rate: float) -> None:
        self.happened: Counter[str] = Counter()
        self.marks: list[Mark] = []
        self.error: HarnessError | None = None
        self._current = ""
        self.kills = 0
        self._stack, self._faults, self._step, self._rate = stack, faults, step, rate
        self._stop = threading.Event()
        # A daemon, so that a second Ctrl-C does not wait for it.
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> FaultInjector:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        if kind is not None and self._thread.is_alive():
            console.say("interrupted; ending the current fault so that the pipeline recovers …")
        self._thread.join()

    def trouble(self) -> str | None:
        """Return why calls fail for good: LocalStack has died, and not by a fault after which it restarts."""
        if self.error:
            return self.error.cause
        return None if self._current == KILL or self._stack.alive() else "LocalStack has died"

    def held(self, records: Iterable[tuple[bytes, str]]) -> Iterator[tuple[bytes, str]]:
        """Yield records; wait where LocalStack should be killed and is still recovering from the last kill."""
        places = [fault.at * self._rate + LEAD for fault in self._faults if fault.name == KILL]
        for number, record in enumerate(records):
            while self.kills < len(places) and number > places[self.kills] and self._thread.is_alive():
                time.sleep(POLL_SECONDS)
            yield record

    def _cause(self, fault: Fault) -> None:
        self.kills += fault.name == KILL
        self._step.aside = self._current = fault.name
        began = time.time()
        effects = ALL[fault.name](self._stack)
        self.happened[fault.name] += effects
        self.marks.append(Mark(began, time.time(), fault.name, f"took effect {int(effects)} times"))
        self._step.aside = self._current = ""

    def _run(self) -> None:
        try:
            with console.beside(self._step):
                for fault in self._faults:
                    while self._step.done < fault.at * self._rate:
                        if self._stop.wait(POLL_SECONDS):
                            return
                    if self._stop.is_set():
                        return
                    self._cause(fault)
        except HarnessError as error:
            self.error = error
        except Exception as error:  # for any reason: without the other faults the run proves nothing
            cause = f"{self._current}: {type(error).__name__}: {error}"
            self.error = HarnessError(cause, "look at make local-status and make local-logs")
