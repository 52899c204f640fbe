"""One round of many events: when it ends, and what is said of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from harness.ledger import Ledger, Verdict

QUIET_SECONDS = 15.0
CHECK_PAUSE = 0.02


@dataclass(frozen=True)
class Round:
    """One round: how many events of how many were answered, in how many seconds, and what went wrong.

    Attributes:
        events: that were to be put.
        put: that were acknowledged.
        verdicts: how many of them got which verdict.
        seconds: from the first put to the last answer.
        late: the deadline in seconds that ended the round; None where it came to its own end.
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
        """Every event was put and got its right prediction, once or more often."""
        right = self.verdicts.get(Verdict.PREDICTED, 0) + self.verdicts.get(Verdict.DUPLICATED, 0)
        return right == self.events

    @property
    def remark(self) -> str:
        """What must be said with the rate; empty where each event was predicted once and rightly."""
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
    """Waits until all answers are there, none came for `QUIET_SECONDS`, or the time is over.

    Args:
        ledger: of the events that were put.
        take: lets the ledger have what was read since the last call.
        end: time of `clock` to stop at.
        note: gets told how many events are answered.
        clock: seconds.
        pause: waits so many seconds.

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
