"""An account's commitment to pay for a minimum throughput, a precondition of warm throughput.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MinimumThroughputBillingCommitmentInput.html
"""

import threading
from dataclasses import dataclass, replace

from pipeline_emulator.kinesis.streams.sequence import Clock

SHORTEST_SECONDS = 24 * 3600
ENABLED, DISABLED, ENDING = "ENABLED", "DISABLED", "ENABLED_UNTIL_EARLIEST_ALLOWED_END"


@dataclass(frozen=True, slots=True)
class Commitment:
    """A commitment, with the API's names; times in seconds since the epoch."""

    status: str = DISABLED
    started_at: float | None = None
    earliest_end: float | None = None
    ended_at: float | None = None

    def at(self, now: float) -> "Commitment":
        """Return the state at `now`: a commitment that is to end does so 24 hours after its start."""
        if self.status == ENDING and self.earliest_end is not None and now >= self.earliest_end:
            return replace(self, status=DISABLED, ended_at=self.earliest_end)
        return self

    def enabled(self, now: float) -> "Commitment":
        """Return the state after enabling: a new commitment, or the current one with its pending end cancelled."""
        current = self.at(now)
        if current.status == DISABLED:
            return Commitment(ENABLED, started_at=now, earliest_end=now + SHORTEST_SECONDS)
        return replace(current, status=ENABLED)

    def disabled(self, now: float) -> "Commitment":
        """Return the state after disabling: ended, or to end at the earliest time allowed."""
        current = self.at(now)
        if current.status != ENABLED or current.earliest_end is None:
            return current
        if now < current.earliest_end:
            return replace(current, status=ENDING)
        return replace(current, status=DISABLED, ended_at=now)


class Commitments:
    """The commitments of all accounts and regions. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        """Start without commitments."""
        self._clock = clock
        self._lock = threading.Lock()
        self._commitments: dict[tuple[str, str], Commitment] = {}

    def get(self, account: str, region: str) -> Commitment:
        """Return an account's current commitment in a region."""
        return self._commitments.get((account, region), Commitment()).at(self._clock())

    def set(self, account: str, region: str, *, enable: bool) -> Commitment:
        """Enable or disable an account's commitment in a region; return the new state."""
        with self._lock:
            before, now = self.get(account, region), self._clock()
            after = before.enabled(now) if enable else before.disabled(now)
            self._commitments[account, region] = after
            return after
