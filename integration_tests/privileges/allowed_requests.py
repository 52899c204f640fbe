"""What a role was allowed in a stack, as the emulator noted it, and what other policies would have refused of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError, NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/iam/noted"
NO_NOTES = NoAnswerError(
    "this LocalStack does not note what it allows",
    "it runs with IAM_ENFORCEMENT=off, or is an older version: make local-down local-up",
)


@dataclass(frozen=True)
class AllowedRequest:
    """Something that was allowed.

    Attributes:
        during: what was being done, as `start` was told.
        action, resource: what of what.
    """

    during: str
    action: str
    resource: str


def start(stack: Stack, role: str, during: str) -> None:
    """Notes from now on what sessions of a role are allowed; what was noted before is kept.

    Args:
        stack: whose emulator.
        role: the role's ARN.
        during: what is being done.

    Raises:
        HarnessError: LocalStack does not answer, or keeps no notes.
    """
    interface.ask(stack, "PUT", PATH, {"role": role, "during": during}, absent=NO_NOTES)


def read(stack: Stack) -> list[AllowedRequest]:
    """What was noted, the oldest first.

    Raises:
        HarnessError: as for `start`, or there was more than is kept.
    """
    found = interface.ask(stack, "GET", PATH, absent=NO_NOTES)
    if found["left_off"]:
        raise HarnessError(f"{found['left_off']} requests were not noted", "note fewer at a time")
    return [_parsed(each) for each in found["noted"]]


def refused(stack: Stack, policies: Mapping[str, Any], action: str | None = None) -> list[AllowedRequest]:
    """What would have been refused, had the role had other policies.

    Args:
        stack: whose emulator.
        policies: documents of the role's policies, by name; instead of all that it had.
        action: only what was of this action; all when None.

    Raises:
        HarnessError: as for `start`, or a document is malformed.
    """
    found = interface.ask(stack, "POST", PATH, {"policies": policies, "action": action}, absent=NO_NOTES)
    return [_parsed(each) for each in found["refused"]]


def stop(stack: Stack) -> None:
    """Ends the noting, and forgets what was noted."""
    interface.ask(stack, "DELETE", PATH, absent=NO_NOTES)


def _parsed(found: Mapping[str, str]) -> AllowedRequest:
    return AllowedRequest(found["during"], found["action"], found["resource"])
