"""Decides how long to wait before a call to AWS is tried again, and when to give up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.streams.retries import retryable

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0
# After a kill LocalStack is back within about a minute, the whole stack within a minute and a half.
GIVE_UP_SECONDS = 120.0

type Trouble = Callable[[], str | None]


def no_trouble() -> str | None:
    """Return None: no known reason makes retries useless."""
    return None


class Backoff:
    """Waits longer after each consecutive failure, and gives up after some time without success.

    Args:
        what: the operation, for the message.
        next_step: what the user can do about it.
        trouble: called after each failure; a text means that retries are useless, and is the cause of the error.
    """

    def __init__(self, what: str, next_step: str, trouble: Trouble = no_trouble) -> None:
        self._what, self._next_step, self._trouble = what, next_step, trouble
        self._failures = 0
        self._since = 0.0

    def succeeded(self) -> None:
        """Reset after a success."""
        self._failures = 0

    def failed(self, cause: object) -> float:
        """Count a failure.

        Returns:
            Seconds to wait before the next try; full jitter, so that many clients do not retry at once
            (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

        Raises:
            HarnessError: nothing has succeeded for too long, or retries are useless.
        """
        if known := self._trouble():
            raise HarnessError(f"{self._what} failed: {known}", "start it again: make local-up")
        now = time.monotonic()
        if self._failures == 0:
            self._since = now
        elif now - self._since > GIVE_UP_SECONDS:
            raise HarnessError(f"{self._what} failed for {GIVE_UP_SECONDS:.0f} s: {cause}", self._next_step)
        self._failures += 1
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self._failures, 30))
        return random.uniform(FIRST_PAUSE / 2, longest)  # noqa: S311 - jitter, no secret

    def call[T](self, function: Callable[[], T]) -> T:
        """Call the function until it succeeds.

        Raises:
            HarnessError: it did not succeed in time.
            ClientError, BotoCoreError: it failed in a way that a retry cannot fix.
        """
        while True:
            try:
                result = function()
            except (ClientError, BotoCoreError) as error:
                if not retryable(error):
                    raise
                time.sleep(self.failed(error))
            else:
                self.succeeded()
                return result
