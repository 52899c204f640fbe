"""The permissions of a role, and the role without one of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from harness.stack import denials
from harness.stack.clients import Clients
from harness.stack.state import Stack


class Permission(NamedTuple):
    """One action on one resource, from a statement of an inline policy."""

    policy: str
    statement: int
    action: str
    resource: str


def role_of(stack: Stack) -> str:
    """The name of the function's role in a stack."""
    return str(stack.outputs["lambda_function"]) + "_lambda"


def refused(stack: Stack, permission: Permission) -> list[denials.Denial]:
    """The requests of a permission that IAM refused since the list was emptied."""
    _, found = denials.read(stack)
    return [
        denial
        for denial in found
        if denial.refused
        and denial.action == permission.action
        and fnmatchcase(denial.resource, permission.resource.replace("[", "[[]"))
    ]


def of_role(stack: Stack, role: str) -> tuple[list[Permission], dict[str, Any]]:
    """Reads a role's permissions.

    Returns:
        Its permissions, and its inline policies by name, as stored.
    """
    iam = Clients(stack).iam
    # boto3 returns the document as an object, but its types call it a string.
    documents: dict[str, Any] = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    found = [
        Permission(name, index, action, resource)
        for name, document in documents.items()
        for index, statement in enumerate(document["Statement"])
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    ]
    return found, documents


@contextmanager
def without(stack: Stack, role: str, permission: Permission, documents: dict[str, Any]) -> Iterator[None]:
    """The role without one permission, and with all others, until the block ends."""
    iam = Clients(stack).iam

    def put(document: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=permission.policy, PolicyDocument=json.dumps(document))

    put(_reduced(documents[permission.policy], permission))
    try:
        yield
    finally:
        put(documents[permission.policy])


def _reduced(document: dict[str, Any], permission: Permission) -> dict[str, Any]:
    """The document with the statement split: the action on the other resources, the other actions on all."""
    reduced = copy.deepcopy(document)
    statement = reduced["Statement"].pop(permission.statement)
    actions = [action for action in _listed(statement["Action"]) if action != permission.action]
    resources = [resource for resource in _listed(statement["Resource"]) if resource != permission.resource]
    left = []
    if actions:
        left.append({"Effect": "Allow", "Action": actions, "Resource": statement["Resource"]})
    if resources:
        left.append({"Effect": "Allow", "Action": permission.action, "Resource": resources})
    reduced["Statement"] += left
    if not reduced["Statement"]:  # IAM requires at least one
        reduced["Statement"] = [{"Effect": "Allow", "Action": permission.action, "Resource": f"{permission.resource}-"}]
    return reduced


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
