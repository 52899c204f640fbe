"""Caches a caller's decisions.

A decision that read no condition and no policy variable depends only on the caller's policies, the action, and the
resource with its owner and policy. A `Caller` never changes: a change of IAM's state creates a new one
(`caller_cache`). The resource's policy is read and compared at each request.
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
    """Up to `MAX_ENTRIES` decisions of one caller, by action and resource. Thread-safe."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Known] = {}

    def get(self, action: str, resource: str, policy: Policy | None, owner: str | None) -> Decision | None:
        """Return the decision on an action and a resource with this policy and owner; None if there is none."""
        known = self._known.get((action, resource))
        return known.decision if known and known.policy == policy and known.owner == owner else None

    def keep(self, decision: Decision, policy: Policy | None, owner: str | None) -> None:
        """Keep a decision that read no value of the request context."""
        if len(self._known) >= MAX_ENTRIES:
            self._known.clear()
        self._known[decision.action, decision.resource] = _Known(policy, owner, decision)
