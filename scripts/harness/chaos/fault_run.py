"""A seeded schedule of faults over a steady stream, ended by the ledger's verdict.

Nothing of this is in the deployed function: faults come from outside, or from the emulator around it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness import console, ledger
from harness.chaos import injected, stream
from harness.chaos.schedule import ALL, KILL, Fault, schedule
from harness.console import Step
from harness.errors import HarnessError
from harness.ledger import Ledger, Target
from harness.stack import Stack

RATE = 100.0
EVENTS = 2_000
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Outcome:
    """What a schedule came to.

    Attributes:
        seed: its seed.
        ledger: with the verdict on every event.
        happened: how often each fault struck.
        seconds: how long it took, the waiting for the last event included.
    """

    seed: int
    ledger: Ledger
    happened: Counter[str]
    seconds: float


def run(stack: Stack, seed: int, step: Step, count: int = EVENTS, rate: float = RATE) -> Outcome:
    """Puts events at a steady rate, some invalid and some of a wrong time, while the seed's faults happen.

    Buckets do not outlive LocalStack: a schedule that kills it has no invalid events.

    Args:
        stack: a stack that is up; after a kill it is brought up to date.
        seed: chooses events and faults.
        step: gets told how far it has come.
        count: number of events.
        rate: events a second.

    Raises:
        HarnessError: the stack injects no faults.
    """
    injected.request(stack, "GET")  # known before anything is put
    started = time.monotonic()
    faults = schedule(seed, count / rate, kill=stack.persistent)
    kills = any(fault.name == KILL for fault in faults)
    sent = stream.of_seed(stack, seed, count, invalid=not kills)
    with Causing(stack, faults, step, rate) as causing:
        target = replace(Target.of(stack), trouble=causing.trouble)
        result = ledger.run_on(target, sent.records, lambda _: sent.answers, step, rate)
    if causing.error:
        result.breaks(causing.error, result.not_put)
    return Outcome(seed, result, causing.happened, time.monotonic() - started)


class Causing:
    """Causes faults, in a thread of its own, while events are put; use it as a context.

    Args:
        stack: a stack that is up.
        faults: in the order of their time.
        step: its `done` is the number of events put.
        rate: events a second.

    Attributes:
        happened: how often each fault struck.
        error: why a fault could not be caused; no more are then.
    """

    def __init__(self, stack: Stack, faults: Sequence[Fault], step: Step, rate: float) -> None:
        self.happened: Counter[str] = Counter()
        self.error: HarnessError | None = None
        self._current = ""
        self._stack, self._faults, self._step, self._rate = stack, faults, step, rate
        self._stop = threading.Event()
        # A second Ctrl-C does not wait for it.
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Causing:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        if kind is not None and self._thread.is_alive():
            console.say("interrupted; the fault under way is ended, so that the pipeline runs again …")
        self._thread.join()

    def trouble(self) -> str | None:
        """Why calls fail for good: LocalStack has ended, and not by a fault after which it is brought back."""
        if self.error:
            return self.error.cause
        return None if self._current == KILL or self._stack.alive() else "LocalStack has ended"

    def _run(self) -> None:
        try:
            with console.beside(self._step):
                for fault in self._faults:
                    while self._step.done < fault.at * self._rate:
                        if self._stop.wait(LOOK_SECONDS):
                            return
                    if self._stop.is_set():
                        return
                    self._step.aside = self._current = fault.name
                    self.happened[fault.name] += ALL[fault.name](self._stack)
                    self._step.aside = self._current = ""
        except HarnessError as error:
            self.error = error
        except Exception as error:  # whatever it is: without the other faults nothing is proved
            cause = f"{self._current}: {type(error).__name__}: {error}"
            self.error = HarnessError(cause, "look at make local-status and make local-logs")
