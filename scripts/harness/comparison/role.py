"""Reads what the function's role may do, whatever the form of its policies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from harness.comparison.side import Side


def permissions(side: Side) -> dict[str, Any]:
    """Return the resources, as text, by effect and action of the function's role."""
    client, functions = side.client("iam"), side.client("lambda")
    arn = functions.get_function_configuration(FunctionName=side.names.function)["Role"]
    name = arn.rpartition("/")[2]
    found: dict[str, set[str]] = {}
    for document in [*_inline(client, name), *_attached(client, name)]:
        for statement in _list(document["Statement"]):
            condition = f" if {json.dumps(statement['Condition'], sort_keys=True)}" if "Condition" in statement else ""
            for action in _list(statement.get("Action", statement.get("NotAction", []))):
                resources = _list(statement.get("Resource", statement.get("NotResource", "*")))
                key = f"{statement['Effect']} {'not ' * ('NotAction' in statement)}{action}"
                found.setdefault(key, set()).update(f"{resource}{condition}" for resource in resources)
    return {action: sorted(map(side.neutral, resources)) for action, resources in found.items()}


def _inline(client: Any, role: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_role_policies").paginate(RoleName=role)
    names = [name for page in pages for name in page["PolicyNames"]]
    return [_document(client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]) for name in names]


def _attached(client: Any, role: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    documents = []
    for arn in [policy["PolicyArn"] for page in pages for policy in page["AttachedPolicies"]]:
        version = client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = client.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        documents.append(_document(found))
    return documents


def _document(found: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(unquote(found)) if isinstance(found, str) else found
    return document


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
