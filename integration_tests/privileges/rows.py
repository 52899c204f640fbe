"""docs/iam-deployer.md: the tables from the tests, and those in the document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from harness.paths import ROOT
from integration_tests.privileges import not_shown as left_open
from integration_tests.privileges.deployer_policy import Need, Permission
from integration_tests.privileges.not_shown import reason

DOCUMENT = ROOT / "docs" / "iam-deployer.md"
NEEDED, NOT_SHOWN, NOT_FATAL = "## Needed", "## Needed to push images", "## Not fatal"


def needed(document: dict[str, Any], found: Iterable[Need]) -> list[str]:
    """The rows of the needed permissions, by statement and action.

    Args:
        document: the policy.
        found: the findings, in any order.
    """
    resources = {each["Sid"]: each["Resource"] for each in document["Statement"]}
    return [
        f"| {need.permission.sid} | `{need.permission.action}` | {_patterns(resources[need.permission.sid])} "
        f"| {need.during} |"
        for need in sorted(found)
    ]


def not_shown(permissions: Iterable[Permission]) -> list[str]:
    """The rows of the permissions not needed without an engine, with their purpose."""
    return [f"| {sid} | `{action}` | {reason(sid, action)} |" for sid, action in sorted(permissions)]


def not_fatal() -> list[str]:
    """The rows of the permissions that a deployment can continue without."""
    return [f"| {sid} | `{action}` | {what} |" for (sid, action), what in sorted(left_open.NOT_FATAL.items())]


def standing(heading: str) -> list[str]:
    """The rows below a heading of the document."""
    part = DOCUMENT.read_text().partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| ") and "`" in line]


def write(heading: str, rows: list[str]) -> None:
    """Replaces the rows below a heading."""
    before, found, rest = DOCUMENT.read_text().partition(f"\n{heading}\n")
    assert found, f"{DOCUMENT.name} has no {heading!r}"
    part, after, end = rest.partition("\n## ")
    kept = re.sub(r"^\|(?!-)[^\n]*`[^\n]*\n", "", part, flags=re.MULTILINE).rstrip("\n")
    DOCUMENT.write_text(before + found + kept + "\n" + "\n".join(rows) + "\n" + after + end)


def _patterns(resources: str | list[str]) -> str:
    listed = [resources] if isinstance(resources, str) else resources
    return ", ".join(f"`{_short(each)}`" for each in listed)


def _short(arn: str) -> str:
    """A resource's name without the ARN's common prefix and this stage's details."""
    return re.sub(r"(?<![a-z])stg(?![a-z])", "<project_id>", arn.split(":", 5)[-1])
