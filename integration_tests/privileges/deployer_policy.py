"""The deployer's policy, action by action, and the recorded requests that fail without each action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from harness.stack.state import Stack
from integration_tests.privileges import allowed_requests


class Permission(NamedTuple):
    """One action of one statement of a policy."""

    sid: str
    action: str


class Need(NamedTuple):
    """A permission, and the first step with a request that is refused without it."""

    permission: Permission
    during: str


def permissions(document: dict[str, Any]) -> list[Permission]:
    """Every action of every statement."""
    return [
        Permission(statement["Sid"], action)
        for statement in document["Statement"]
        for action in _listed(statement["Action"])
    ]


def without(document: dict[str, Any], permission: Permission) -> dict[str, Any]:
    """The document without an action in one of its statements; drops the statement if it has no other."""
    statements = []
    for statement in document["Statement"]:
        if statement["Sid"] == permission.sid:
            left = [action for action in _listed(statement["Action"]) if action != permission.action]
            statement = {**statement, "Action": left}
        if statement["Action"]:
            statements.append(statement)
    return {**document, "Statement": statements}


def needs(
    stack: Stack,
    policy: str,
    document: dict[str, Any],
    during: Sequence[str],
    of: Sequence[Permission] | None = None,
) -> tuple[list[Need], list[Permission]]:
    """Evaluates the recorded requests again, without each permission in turn.

    Evaluates only requests of the removed action, because the removal cannot refuse others.

    Args:
        stack: the stack whose emulator recorded them, and evaluates.
        policy: the policy's name.
        document: the policy.
        during: the relevant steps, in order.
        of: the permissions to remove; None for all.

    Returns:
        The needed permissions, and those that nothing needs.
    """
    found: list[Need] = []
    unneeded: list[Permission] = []
    for permission in permissions(document) if of is None else of:
        reduced = {policy: without(document, permission)}
        refused = [during.index(each.during) for each in _refused(stack, reduced, permission) if each.during in during]
        if refused:
            found.append(Need(permission, during[min(refused)]))
        else:
            unneeded.append(permission)
    return found, unneeded


def _refused(stack: Stack, policies: dict[str, Any], permission: Permission) -> list[allowed_requests.AllowedRequest]:
    return allowed_requests.refused(stack, policies, permission.action)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
