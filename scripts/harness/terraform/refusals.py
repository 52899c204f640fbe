"""What IAM refuses during an apply: the AWS provider repeats refused requests for minutes without a word."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from harness import console
from harness.errors import HarnessError, NoAnswerError
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

    def final(self) -> None:
        """Check that no refusal has been repeated for a minute. Asks the emulator every few seconds.

        Raises:
            HarnessError: one has; the next step says what to allow to whom.
        """
        now = time.monotonic()
        if now - self._asked < EVERY_SECONDS:
            return
        self._asked = now
        for denial in self._new():
            if self._is_final(denial, now):
                raise HarnessError(f"cannot succeed: {denials.line(denial)}", remedy(denial))

    def _new(self) -> list[Denial]:
        try:
            _, found = denials.read(self._stack)
        except NoAnswerError:  # another emulator, or one that is busy
            return []
        return [each for each in found if each.refused and datetime.fromisoformat(each.last) >= self._began]

    def _is_final(self, denial: Denial, now: float) -> bool:
        line = denials.line(denial)
        if line not in self._seen:
            self._seen[line] = now
            console.warn(f"{line}; the provider tries again")
        if now - self._seen[line] < GIVE_UP_SECONDS or denial.count < REPEATED:
            return False
        recent = datetime.now(UTC) - datetime.fromisoformat(denial.last)
        return recent.total_seconds() < GIVE_UP_SECONDS / 2


def remedy(denial: Denial) -> str:
    """Return the next step that allows what IAM refused."""
    # arn:aws:sts::account:assumed-role/role/session or arn:aws:iam::account:role/path/role
    kind, *names = denial.principal.rpartition(":")[2].split("/")
    role = names[0] if kind == "assumed-role" and names else names[-1] if kind == "role" and names else ""
    whom = f"the role {role}" if role else denial.principal
    return (
        f"allow {denial.action} on {denial.resource} in a policy of {whom}, then make local-up; "
        "make iam-denials has the details"
    )
