"""Least privilege: the function's role suffices with all its permissions, and without any one it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.paths import ROOT
from harness.stack import denials
from harness.stack.state import Stack
from integration_tests.privileges.permissions import Permission, of_role, refused, role_of, without
from integration_tests.privileges.uses import USES, Use

pytestmark = [pytest.mark.local_only, pytest.mark.long_proof, pytest.mark.timeout(900)]

DOCUMENT = ROOT / "docs" / "iam.md"
ATTEMPTS = 3


def test_with_all_permissions_every_use_succeeds_and_nothing_is_refused(stack: Stack) -> None:
    denials.read(stack, "DELETE")
    assert {title: use(stack, lambda: False) for title, use in USES.items()} == dict.fromkeys(USES, "")
    assert denials.read(stack) == ("on", [])


def test_without_any_one_permission_the_pipeline_fails_and_names_it(stack: Stack) -> None:
    role = role_of(stack)
    permissions, documents = of_role(stack, role)
    table: list[tuple[str, str, str]] = []
    unneeded: list[Permission] = []
    for permission in permissions:
        with without(stack, role, permission, documents):
            denials.read(stack, "DELETE")
            for use in USES.values():
                if failure := _failure(stack, use, permission):
                    table.append((permission.action, permission.resource, failure))
                    break
            else:
                unneeded.append(permission)
    assert not unneeded, "these permissions are not needed: remove them from infrastructure/modules/lambda/iam.tf"
    _check_document(sorted(table))


def _failure(stack: Stack, use: Use, permission: Permission) -> str:
    """The failure of a use for lack of a permission; other failures, such as a slow start, are retried."""
    for _ in range(ATTEMPTS):
        failure = use(stack, lambda: bool(refused(stack, permission)))
        if not failure or refused(stack, permission):
            return failure
    return ""


def _check_document(table: list[tuple[str, str, str]]) -> None:
    """The documented table matches the findings."""
    rows = [f"| `{action}` | `{_general(resource)}` | {failure} |" for action, resource, failure in table]
    found = re.findall(r"^\| `[a-z0-9]+:.*$", _part(DOCUMENT), re.MULTILINE)
    assert found == rows, "put these rows into docs/iam.md:\n" + "\n".join(rows)


def _part(document: Path) -> str:
    """The section about the function's role."""
    return document.read_text().partition("## The function's role")[2].partition("\n## ")[0]


def _general(resource: str) -> str:
    """An ARN without this stack's details."""
    known = resource.replace("privileges", "<project_id>").replace("000000000000", "<account>")
    return re.sub(":key/[0-9a-f-]{36}", ":key/<stage's key>", known)
