"""How long a call to AWS may take, and which errors are worth another try.

A call may start only if it will have ended in time, even when nobody answers: else the invocation is killed, and its
whole batch is delivered again. botocore knows time limits per client only, so there is a client for each limit.
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
        """The longest a call takes that is not answered."""
        return self.connect_seconds + self.read_seconds

    def config(self) -> Config:
        """Return the client's settings. It does not retry by itself: only the caller knows the remaining time."""
        return Config(
            connect_timeout=self.connect_seconds,
            read_timeout=self.read_seconds,
            retries={"total_max_attempts": 1, "mode": "standard"},
        )


LIMITS = (Limit(2, 10), Limit(2, 4), Limit(1, 2), Limit(0.5, 1), Limit(0.25, 0.5))
"""The most patient first. The short ones serve functions with a timeout of few seconds, and the end of long ones."""

MOMENT = 0.05
"""Seconds; the time that the processor keeps in reserve covers it."""


class Clients[C]:
    """Clients of one service, by time limit; safe to use from several threads."""

    def __init__(self, make: Callable[[Config], C], limits: Sequence[Limit] = LIMITS) -> None:
        """Make the most patient client now, in Lambda's INIT phase, and the others when time gets short."""
        self._make = make
        self._limits = limits
        self._lock = threading.Lock()  # creating clients from one boto3 session is not thread-safe
        self._made = {limits[0]: make(limits[0].config())}

    def within(self, seconds: float) -> C | None:
        """Return the most patient client whose call ends within the seconds; None when there is none.

        Making a client takes time where the processor is scarce, and so does waiting for a thread that makes one: after
        more than a moment, the choice is made again with the time that is left.
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
    """Return the upper bound of the back-off after so many failed attempts."""
    return min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(attempts - 1, 30))


def retryable(error: ClientError | BotoCoreError) -> bool:
    """Tell whether trying again can help: throttled, failed on AWS's side, or no answer at all."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return error.response.get("Error", {}).get("Code") in RETRYABLE or status >= 500
    return isinstance(error, NoConnectionError | HTTPClientError)
