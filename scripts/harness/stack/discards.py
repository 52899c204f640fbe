"""The records that the mapping gave up, from the emulator's journal (GET /_pipeline/discarded).

A bucket has each with its payload. A queue or topic gets failure records without it, and without a destination there is
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/discarded"
SECONDS = 10.0
NO_DISCARDS = NoAnswerError("this LocalStack does not list discarded records", "it is older: make local-down local-up")


@dataclass(frozen=True, slots=True)
class Discard:
    """A record that the mapping gave up.

    Attributes:
        event_id: its Kinesis event id.
        code: the mapping's reason, without details.
        reason: the same with the function's error, as in a failure record.
        attempts: invocations before; 0 if there was none.
        destination: ARN of where its failure record went; empty if the mapping has no failure destination.
    """

    event_id: str
    code: str
    reason: str
    attempts: int
    destination: str


class NewDiscards:
    """Reads the discards of a stack's function since it was created, each once, that a bucket does not have.

    Args:
        stack: a running stack.
        bucket: the failed-events bucket, which is read instead; None if the pipeline has none.
    """

    def __init__(self, stack: Stack, bucket: str | None) -> None:
        names = stack.resources
        self._stack, self._stream, self._function = stack, names.source_stream, names.function
        self._in_bucket = f"arn:aws:s3:::{bucket}"
        self._after, self._began = 0, 0.0
        for _ in self.read():  # those of earlier runs, of which there may be thousands
            pass

    def read(self) -> Iterator[Discard]:
        """Yield what is new; nothing while LocalStack does not respond, because the streams' reader says so."""
        while new := self._page():
            for each in new:
                if self._is_ours(each["function"]) and each["destination"] != self._in_bucket:
                    yield _discard(each)

    def _page(self) -> list[dict[str, Any]]:
        try:
            found = self._ask()
            if found["began"] != self._began:  # LocalStack was restarted, and counts from 1 again
                self._began, self._after = found["began"], 0
                found = self._ask()
        except NoAnswerError:
            return []
        new: list[dict[str, Any]] = found["discarded"]
        self._after = new[-1]["number"] if new else self._after
        return new

    def _ask(self) -> dict[str, Any]:
        path = f"{PATH}?stream={self._stream}&after={self._after}"
        return dict(interface.ask(self._stack, "GET", path, absent=NO_DISCARDS, seconds=SECONDS))

    def _is_ours(self, function_arn: str) -> bool:
        """Return whether a function is the pipeline's; others may read the same stream."""
        return function_arn.split(":")[6:7] == [self._function]


def _discard(found: dict[str, Any]) -> Discard:
    code = found["condition"]
    reason = f"{code} ({found['error']})" if found["error"] else code
    return Discard(found["event_id"], code, reason, found["invocations"], found["destination"] or "")
