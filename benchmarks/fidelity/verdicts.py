"""The findings about an attribute, and its resulting class. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

ENFORCED, EMULATED, IGNORED = "enforced", "emulated", "ignored"
CLASSES = (ENFORCED, EMULATED, IGNORED)


@dataclass(frozen=True)
class Seen:
    """A probe's observation.

    Attributes:
        effect: whether the attribute's value made the difference that AWS documents.
        what: one line on what happened.
    """

    effect: bool
    what: str


@dataclass(frozen=True)
class Evidence:
    """All findings of a run about an attribute.

    Attributes:
        resource: the resource's type.
        path: the attribute's.
        kept: whether a fresh read of every resource returned the value that was set.
        read: what it returned instead; empty if it was kept.
        seen: observations of its probes; empty if it has none.
        unprobed: why it cannot be probed; empty if it is, or if no reason was given.
    """

    resource: str
    path: str
    kept: bool
    read: str = ""
    seen: Sequence[Seen] = field(default_factory=list)
    unprobed: str = ""

    @property
    def verdict(self) -> str:
        """Enforced if every probe saw an effect; otherwise decided by the fresh read."""
        if self.seen and all(seen.effect for seen in self.seen):
            return ENFORCED
        return EMULATED if self.kept else IGNORED

    @property
    def remark(self) -> str:
        """One line on why."""
        if self.verdict == ENFORCED:
            return "; ".join(seen.what for seen in self.seen)
        effect = "; ".join(seen.what for seen in self.seen if not seen.effect)
        kept = "kept" if self.kept else self.read
        if effect:
            return f"{kept}, without effect: {effect}"
        return f"{kept}; no probe of an effect" + (f": {self.unprobed}" if self.unprobed else "")
