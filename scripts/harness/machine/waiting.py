"""Polls for a condition, always with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

from harness.errors import TimedOutError


def poll[T](check: Callable[[], T | None], what: str, deadline: float = 30.0, pause: float = 0.05) -> T:
    """Call `check` until its result is true.

    Args:
        check: what to call.
        what: names what is awaited, for the error message.
        deadline: seconds until it gives up.
        pause: seconds between calls.

    Returns:
        The first true result.

    Raises:
        TimedOutError: the deadline passed.
    """
    end = time.monotonic() + deadline
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > end:
            raise TimedOutError(f"timed out after {deadline:.0f} s while waiting for {what}", "look at make local-logs")
        time.sleep(pause)
