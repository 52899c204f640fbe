"""What was found out about an attribute, and the class that follows from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

ENFORCED, EMULATED, IGNORED = "enforced", "emulated", "ignored"
CLASSES = (ENFORCED, EMULATED, IGNORED)


@dataclass(frozen=True)
class Seen:
    """What a probe saw.

    Attributes:
        effect: whether the attribute's value made the difference that AWS documents.
        what: happened, in a line.
    """

    effect: bool
    what: str


@dataclass(frozen=True)
class Evidence:
    """All that a run found out about an attribute.

    Attributes:
        resource: the resource's type.
        path: the attribute's.
        kept: whether a fresh read of every resource gave the value that was set.
        read: what it gave instead; empty where it was kept.
        seen: by the probes of its effect; empty where there is none.
        unprobed: why there can be none; empty where there is one, or nobody has said.
    """

    resource: str
    path: str
    kept: bool
    read: str = ""
    seen: Sequence[Seen] = field(default_factory=list)
    unprobed: str = ""

    @property
    def verdict(self) -> str:
        """Enforced when every probe of its effect saw one; else what the fresh read says."""
        if self.seen and all(seen.effect for seen in self.seen):
            return ENFORCED
        return EMULATED if self.kept else IGNORED

    @property
    def remark(self) -> str:
        """Why, in a line."""
        if self.verdict == ENFORCED:
            return "; ".join(seen.what for seen in self.seen)
        effect = "; ".join(seen.what for seen in self.seen if not seen.effect)
        kept = "kept" if self.kept else self.read
        if effect:
            return f"{kept}, without effect: {effect}"
        return f"{kept}; no probe of an effect" + (f": {self.unprobed}" if self.unprobed else "")
