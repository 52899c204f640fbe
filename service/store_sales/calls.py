"""Time limits for calls to AWS, and the errors worth retrying.

A call starts only if it ends in time even when it gets no answer. Otherwise Lambda kills the invocation and delivers
the whole batch again. botocore sets time limits per client, so there is one client per limit.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

FIRST_DELAY, MAX_DELAY = 0.05, 5.0
RETRYABLE = {
    "ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException", "SlowDown",
    "Throttling", "ThrottlingException", "RequestLimitExceeded", "InternalFailure", "ServiceUnavailable",
}  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """Time limits of one attempt."""

    connect_seconds: float
    read_seconds: float

    @property
    def seconds(self) -> float:
        """The longest that an unanswered call takes."""
        return self.connect_seconds + self.read_seconds

    def config(self) -> Config:
        """Return the client's settings, without retries: only the caller knows the remaining time."""
        return Config(
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            retries={"total_max_attempts": 1, "mode": "standard"},
        )


LIMITS = (Limit(2, 10), Limit(2, 4), Limit(1, 2), Limit(0.5, 1), Limit(0.25, 0.5))
"""Longest first. The short limits serve functions with a timeout of a few seconds, and the end of longer ones."""

MOMENT = 0.05
"""Seconds; covered by the time that the processor reserves."""


class Clients[C]:
    """Clients of one service by time limit; thread-safe."""

    def __init__(self, make: Callable[[Config], C], limits: Sequence[Limit] = LIMITS) -> None:
        """Create the client with the longest limit now, in Lambda's INIT phase, and the others on demand."""
        self._make = make
        self._limits = limits
        self._lock = threading.Lock()  # creating clients from one boto3 session is not thread-safe
        self._made = {limits[0]: make(limits[0].config())}

    def within(self, seconds: float) -> C | None:
        """Return the client with the longest limit that fits into the given seconds, or None if none fits.

        Creating a client takes time on a small CPU share, and so does waiting for a thread that is creating one. If
        that takes longer than `MOMENT`, choose again with the time left.
        """
        started, left = time.monotonic(), seconds
        while limit := next((limit for limit in self._limits if limit.seconds <= left), None):
            with self._lock:
                if limit not in self._made:
                    self._made[limit] = self._make(limit.config())
            waited = time.monotonic() - started
            if waited < MOMENT or limit.seconds <= seconds - waited:
                return self._made[limit]
            left = seconds - waited
        return None


def longest_delay(attempts: int) -> float:
    """Return the upper bound of the back-off, in seconds, after this many failed attempts."""
    return min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 30))


def retryable(error: ClientError | BotoCoreError) -> bool:
    """Return whether a retry can help: throttled, failed on AWS's side, or no answer at all."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response.get("Error", {}).get("Code") in RETRYABLE or status >= 500
    return isinstance(error, NoConnectionError | HTTPClientError)
