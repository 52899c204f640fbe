"""One round of many events: when it ends, and how it is reported."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.ledger import Ledger, Verdict

QUIET_SECONDS = 15.0
CHECK_PAUSE = 0.02


@dataclass(frozen=True)
class Round:
    """One round: events answered, duration, and what went wrong.

    Attributes:
        events: number of events to put.
        put: number of acknowledged events.
        verdicts: number of events by verdict.
        seconds: from the first put to the last answer.
        late: the deadline in seconds that ended the round; None if the round ended by itself.
    """

    events: int
    put: int
    verdicts: dict[Verdict, int]
    seconds: float
    late: float | None

    @property
    def answered(self) -> int:
        """Events with at least one prediction, right or wrong."""
        return self.put - self.verdicts.get(Verdict.LOST, 0)

    @property
    def rate(self) -> float:
        """Answered events per second."""
        return self.answered / self.seconds if self.seconds else 0.0

    @property
    def faultless(self) -> bool:
        """Every event was put and got the right prediction at least once."""
        right = self.verdicts.get(Verdict.PREDICTED, 0) + self.verdicts.get(Verdict.DUPLICATED, 0)
        return right == self.events

    @property
    def remark(self) -> str:
        """The rate's remark; empty if each event was predicted correctly exactly once."""
        found = []
        if self.late is not None:
            found.append(f"deadline of {self.late:.0f} s: {self.answered:,} of {self.events:,} done")
        elif lost := self.verdicts.get(Verdict.LOST, 0):
            found.append(f"{lost:,} of {self.events:,} lost")
        for verdict, word in (
            (Verdict.WRONG, "wrong"),
            (Verdict.FAILED, "failed"),
            (Verdict.DUPLICATED, "predicted twice"),
        ):
            if count := self.verdicts.get(verdict, 0):
                found.append(f"{count:,} {word}")
        return ", ".join(found)


def follow(
    ledger: Ledger,
    take: Callable[[], None],
    end: float,
    note: Callable[[int], None],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> tuple[float, bool]:
    """Waits until all answers arrived, none came for `QUIET_SECONDS`, or the time is up.

    Args:
        ledger: of the events put.
        take: passes to the ledger what was read since the last call.
        end: time of `clock` to stop at.
        note: receives the number of answered events as text.
        clock: returns seconds.
        pause: sleeps for the given seconds.

    Returns:
        Time of the last answer, and whether the deadline ended it.
    """
    last = clock()
    heard = 0
    while True:
        take()
        now = clock()
        if ledger.answered > heard:
            heard, last = ledger.answered, now
        note(heard)
        if heard == len(ledger.entries) or now - last > QUIET_SECONDS:
            return last, False
        if now > end:
            return now, True
        pause(CHECK_PAUSE)
