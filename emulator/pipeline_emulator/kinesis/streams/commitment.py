"""An account's commitment to pay for a minimum of throughput, which warm throughput depends on.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MinimumThroughputBillingCommitmentInput.html
"""

import threading
from dataclasses import dataclass, replace

from pipeline_emulator.kinesis.streams.sequence import Clock

SHORTEST_SECONDS = 24 * 3600
ENABLED, DISABLED, ENDING = "ENABLED", "DISABLED", "ENABLED_UNTIL_EARLIEST_ALLOWED_END"


@dataclass(frozen=True, slots=True)
class Commitment:
    """The state, by the names of the API; times in seconds since the epoch."""

    status: str = DISABLED
    started_at: float | None = None
    earliest_end: float | None = None
    ended_at: float | None = None

    def at(self, now: float) -> "Commitment":
        """Return the state at `now`: an end that was asked for too early has come once 24 hours are over."""
        if self.status == ENDING and self.earliest_end is not None and now >= self.earliest_end:
            return replace(self, status=DISABLED, ended_at=self.earliest_end)
        return self

    def enabled(self, now: float) -> "Commitment":
        """Return the state after it is enabled: it begins, or an end that has not come is taken back."""
        current = self.at(now)
        if current.status == DISABLED:
            return Commitment(ENABLED, started_at=now, earliest_end=now + SHORTEST_SECONDS)
        return replace(current, status=ENABLED)

    def disabled(self, now: float) -> "Commitment":
        """Return the state after it is disabled: it ends, or will at the earliest time allowed."""
        current = self.at(now)
        if current.status != ENABLED or current.earliest_end is None:
            return current
        if now < current.earliest_end:
            return replace(current, status=ENDING)
        return replace(current, status=DISABLED, ended_at=now)


class Commitments:
    """Those of all accounts and regions. Safe for threads."""

    def __init__(self, clock: Clock) -> None:
        """Start with none."""
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], Commitment] = {}

    def get(self, account: str, region: str) -> Commitment:
        """Return an account's present state in a region."""
        return self._found.get((account, region), Commitment()).at(self._clock())

    def set(self, account: str, region: str, *, enable: bool) -> Commitment:
        """Enable or disable an account's commitment in a region; return its state after that."""
        with self._lock:
            before, now = self.get(account, region), self._clock()
            after = before.enabled(now) if enable else before.disabled(now)
            self._found[account, region] = after
            return after
