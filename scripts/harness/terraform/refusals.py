"""What IAM refuses during an apply: the AWS provider repeats refused requests for minutes without a word."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from harness import console
from harness.errors import NoAnswerError
from harness.stack import denials
from harness.stack.denials import Denial
from harness.stack.state import Stack

EVERY_SECONDS = 3.0
# On AWS permissions take effect after some seconds, so the provider tries again. Here they do at once, and a policy
# that Terraform makes beside the refused resource is there within this time.
GIVE_UP_SECONDS = 60.0
REPEATED = 5


class Refusals:
    """Warns of each new refusal, and says when one is final.

    Args:
        stack: its emulator keeps the list.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._began = datetime.now(UTC)
        self._asked = 0.0
        self._seen: dict[str, float] = {}

    def final(self) -> str | None:
        """Return the refusal that has been repeated for a minute, or None. Asks the emulator every few seconds."""
        now = time.monotonic()
        if now - self._asked < EVERY_SECONDS:
            return None
        self._asked = now
        return next(filter(None, (self._judge(denial, now) for denial in self._new())), None)

    def _new(self) -> list[Denial]:
        try:
            _, found = denials.read(self._stack)
        except NoAnswerError:  # another emulator, or one that is busy
            return []
        return [each for each in found if each.refused and datetime.fromisoformat(each.last) >= self._began]

    def _judge(self, denial: Denial, now: float) -> str | None:
        line = denials.line(denial)
        if line not in self._seen:
            self._seen[line] = now
            console.warn(f"{line}; the provider tries again")
        if now - self._seen[line] < GIVE_UP_SECONDS or denial.count < REPEATED:
            return None
        recent = datetime.now(UTC) - datetime.fromisoformat(denial.last)
        return f"cannot succeed: {line}" if recent.total_seconds() < GIVE_UP_SECONDS / 2 else None
