"""Tumbling windows: which window a record belongs to, and the state that goes from invocation to invocation.

"Configuring Lambda for stateful processing": https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html.
Windows are those of a shard; each record belongs to the one of its arrival. "A window ends early only if the state
exceeds the maximum allowed size of 1 MB." A state outlives updates of its mapping, but not LocalStack.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

LARGEST_STATE_BYTES = 1_000_000
# How long after its end a window still waits for records that were put just before it.
GRACE_SECONDS = 0.5


def window_of(arrival: float, seconds: int) -> int:
    """Return the start of the window of a record, in epoch seconds; windows are aligned to the epoch."""
    return int(arrival // seconds) * seconds


@dataclass(frozen=True)
class WindowView:
    """What an invocation is told of its window. `start` in epoch seconds, `seconds` the length of the window."""

    start: int
    seconds: int
    state: Any
    shard_id: str
    event_source_arn: str
    final: bool = False
    early: bool = False

    def members(self) -> dict[str, Any]:
        """Return the event's members besides Records, in AWS's order."""
        return {
            "window": {"start": _iso(self.start), "end": _iso(self.start + self.seconds)},
            "state": self.state,
            "shardId": self.shard_id,
            "eventSourceARN": self.event_source_arn,
            "isFinalInvokeForWindow": self.final,
            "isWindowTerminatedEarly": self.early,
        }


@dataclass
class OpenWindow:
    """The window that a shard is in, or none (`start` is None). Not thread-safe: the shard's only lane uses it."""

    start: int | None = None
    state: Any = field(default_factory=dict)

    def enter(self, start: int) -> None:
        """Begin a window with an empty state, unless it is open already."""
        if self.start != start:
            self.start, self.state = start, {}

    def close(self) -> None:
        """Leave the window."""
        self.start, self.state = None, {}

    def keep(self, response: bytes) -> bool:
        """Keep the state of a function's response; return whether it is too large for the window to go on."""
        self.state = state_of(response)
        return len(json.dumps(self.state)) > LARGEST_STATE_BYTES


def state_of(response: bytes) -> Any:
    """Return the state in a response; an empty one if there is none."""
    try:
        document = json.loads(response or b"null")
    except (ValueError, RecursionError):
        return {}
    state = document.get("state") if isinstance(document, dict) else None
    return {} if state is None else state


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
