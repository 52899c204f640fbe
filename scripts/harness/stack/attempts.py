"""The emulator's journal: which attempts its mapping made to get a record processed (GET /_pipeline/attempts)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from harness.errors import NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/attempts"
NO_ATTEMPTS = NoAnswerError("this LocalStack keeps no attempts", "it is an older version: make local-down local-up")

type Attempts = dict[str, list[dict[str, Any]]]


def of(stack: Stack, event_id: str) -> list[dict[str, Any]]:
    """Return the attempts with a record of the source stream, oldest first.

    Raises:
        NoAnswerError: LocalStack does not answer, or keeps no attempts.
    """
    path = f"{PATH}?stream={stack.resources.source_stream}&event_id={event_id}"
    found: list[dict[str, Any]] = interface.ask(stack, "GET", path, absent=NO_ATTEMPTS)["attempts"]
    return found


def known(stack: Stack, event_ids: Iterable[str]) -> Attempts:
    """Return the attempts of each record; of none after LocalStack has not answered once."""
    found: Attempts = {}
    with contextlib.suppress(NoAnswerError):
        for event_id in event_ids:
            found[event_id] = of(stack, event_id)
    return found
