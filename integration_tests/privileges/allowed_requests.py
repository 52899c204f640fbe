"""The requests that a role was allowed in a stack, recorded by the emulator, and what other policies would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError, NoAnswerError
from harness.stack import interface
from harness.stack.state import Stack

PATH = "/_pipeline/iam/noted"
NO_NOTES = NoAnswerError(
    "this LocalStack does not record allowed requests",
    "it runs with IAM_ENFORCEMENT=off or is an older version: make local-down local-up",
)


@dataclass(frozen=True)
class AllowedRequest:
    """An allowed request.

    Attributes:
        during: the activity given to `start`.
        action, resource: of the request.
    """

    during: str
    action: str
    resource: str


def start(stack: Stack, role: str, during: str) -> None:
    """Starts recording the allowed requests of a role's sessions; keeps earlier records.

    Args:
        stack: the emulator's stack.
        role: the role's ARN.
        during: name of the current activity.

    Raises:
        HarnessError: LocalStack does not answer, or does not record.
    """
    interface.ask(stack, "PUT", PATH, {"role": role, "during": during}, absent=NO_NOTES)


def read(stack: Stack) -> list[AllowedRequest]:
    """The recorded requests, oldest first.

    Raises:
        HarnessError: as for `start`, or there were more requests than are kept.
    """
    found = interface.ask(stack, "GET", PATH, absent=NO_NOTES)
    if found["left_off"]:
        raise HarnessError(f"{found['left_off']} requests were not recorded", "record fewer at a time")
    return [_parsed(each) for each in found["noted"]]


def refused(stack: Stack, policies: Mapping[str, Any], action: str | None = None) -> list[AllowedRequest]:
    """The recorded requests that other policies of the role would have refused.

    Args:
        stack: the emulator's stack.
        policies: policy documents by name, which replace all the role's policies.
        action: restricts the answer to this action; None for all.

    Raises:
        HarnessError: as for `start`, or a document is malformed.
    """
    found = interface.ask(stack, "POST", PATH, {"policies": policies, "action": action}, absent=NO_NOTES)
    return [_parsed(each) for each in found["refused"]]


def stop(stack: Stack) -> None:
    """Stops recording and discards the records."""
    interface.ask(stack, "DELETE", PATH, absent=NO_NOTES)


def _parsed(found: Mapping[str, str]) -> AllowedRequest:
    return AllowedRequest(found["during"], found["action"], found["resource"])
