"""Shows how far a run has come, and warns once if nothing but failures comes."""

from __future__ import annotations

from collections import Counter

from harness import console
from harness.console import Step
from harness.ledger.verdicts import Ledger

FIRST = 50  # failures without any prediction after which a run is hardly worth its time


class Progress:
    """The progress line of a run.

    Args:
        ledger: of the run.
        total: number of its events.
        step: has the line.
    """

    def __init__(self, ledger: Ledger, total: int, step: Step) -> None:
        self._ledger, self._total, self._step = ledger, total, step
        self._warned = False

    def show(self, put: int | None = None) -> None:
        """Update the line.

        Args:
            put: number of events put; None once all are.
        """
        before = "" if put is None else f"{put:,} put, "
        self._step.note(f"{before}{line(self._ledger, self._total)}")
        failed = self._ledger.failed_so_far
        if not self._warned and failed.total() >= FIRST and not self._ledger.predicted and self._ledger.unexpected:
            self._warned = True
            console.warn(
                f"all of the first {FIRST} events failed: {reasons(failed)}; Ctrl-C ends the run with what is known, "
                "make local-logs shows why"
            )


def line(ledger: Ledger, total: int) -> str:
    """Return how many of a run's events were predicted and how many failed, with the reasons."""
    failed = ledger.failed_so_far
    why = f" ({reasons(failed)})" if failed else ""
    return f"{ledger.answered:,} of {total:,}: {ledger.predicted:,} predicted, {failed.total():,} failed{why}"


def reasons(failed: Counter[str]) -> str:
    """Return the most frequent reason, and the number of others."""
    [(first, _)] = failed.most_common(1)
    others = len(failed) - 1
    return first + (f" and {others} other reason{'s' if others > 1 else ''}" if others else "")
