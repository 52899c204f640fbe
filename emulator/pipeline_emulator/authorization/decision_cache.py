"""What a caller's policies decided before, for as long as that holds.

A decision for which no condition and no policy variable was looked at follows from the caller's policies, the action,
the resource, its owner and its policy, and from nothing else: the time, the address or tags have no part in it. The
caller's policies are those of one `Caller`, which is put together anew when IAM's state changes (`memory`); the
resource's policy is read at each request and compared.
"""

from dataclasses import dataclass

from pipeline_emulator.iam.decision import Decision
from pipeline_emulator.iam.request import Policy

MAX_ENTRIES = 200


@dataclass(frozen=True, slots=True)
class _Known:
    policy: Policy | None
    owner: str | None
    decision: Decision


class DecisionCache:
    """Decisions of one caller by action and resource, the newest two hundred or so. Safe for threads."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[tuple[str, str], _Known] = {}

    def get(self, action: str, resource: str, policy: Policy | None, owner: str | None) -> Decision | None:
        """Return what was decided on an action and a resource with this policy and owner; None if nothing was."""
        known = self._known.get((action, resource))
        return known.decision if known and known.policy == policy and known.owner == owner else None

    def keep(self, decision: Decision, policy: Policy | None, owner: str | None) -> None:
        """Keep a decision for which no value of the request's context was looked at."""
        if len(self._known) >= MAX_ENTRIES:
            self._known.clear()
        self._known[decision.action, decision.resource] = _Known(policy, owner, decision)
