"""What Terraform made, and what the emulator does with each attribute."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.dashboard.function import is_secret
from harness.dashboard.local import Local
from harness.paths import ROOT
from harness.terraform.runner import Terraform

FIDELITY = ROOT / "docs" / "fidelity.md"
MOST_TEXT = 400
_TYPE = re.compile(r"\*\*(aws_\w+)\*\*")


def describe(local: Local) -> list[dict[str, Any]]:
    """Return the managed resources of the stack's Terraform state, by address."""
    stack = local.stack
    state = Terraform(stack, {}).state_document(local.s3)
    classes = fidelity(FIDELITY, FIDELITY.stat().st_mtime if FIDELITY.exists() else 0.0)
    column = 0 if stack.runtime == "embedded" else 1
    rows = []
    for resource in state.get("resources", []):
        if resource["mode"] == "managed":
            rows += [_row(resource, instance, classes, column) for instance in resource["instances"]]
    return sorted(rows, key=lambda row: row["address"])


def _row(
    resource: dict[str, Any], instance: dict[str, Any], classes: dict[str, dict[str, list[str]]], column: int
) -> dict[str, Any]:
    key = instance.get("index_key")
    parts = [resource.get("module"), resource["type"], resource["name"]]
    address = ".".join(part for part in parts if part) + ("" if key is None else f"[{json.dumps(key)}]")
    values: dict[str, Any] = instance.get("attributes") or {}
    sensitive = {step["value"] for path in instance.get("sensitive_attributes", []) for step in path[:1]}
    known = classes.get(resource["type"], {})
    return {
        "address": address,
        "type": resource["type"],
        "arn": values.get("arn"),
        "id": values.get("id"),
        "attributes": [
            {"name": name, "value": _text(name, value, hidden=name in sensitive), **_class(known, name, column)}
            for name, value in sorted(values.items())
            if value not in (None, "", [], {})
        ],
    }


def _text(name: str, value: Any, *, hidden: bool) -> str | None:
    """Return a value as text; None if it is secret."""
    if hidden or (isinstance(value, str) and is_secret(name, value)):
        return None
    text = value if isinstance(value, str) else json.dumps(_without_secrets(value))
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "(hidden)" if isinstance(inner, str) and is_secret(key, inner) else _without_secrets(inner)
            for key, inner in value.items()
        }
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def _class(known: dict[str, list[str]], name: str, column: int) -> dict[str, str]:
    """Return the class of an attribute, or those of its nested attributes, and what was seen."""
    exact = known.get(name)
    if exact:
        return {"class": exact[column].strip("*"), "seen": exact[2]}
    nested = sorted({row[column].strip("*") for key, row in known.items() if key.startswith(f"{name}.")} - {""})
    return {"class": " and ".join(nested), "seen": ""} if nested else {"class": "", "seen": ""}


@lru_cache(maxsize=1)
def fidelity(page: Path, _changed: float) -> dict[str, dict[str, list[str]]]:
    """Read the table of docs/fidelity.md: by resource type and attribute, the two classes and what was seen."""
    classes: dict[str, dict[str, list[str]]] = {}
    kind = ""
    for line in page.read_text().splitlines() if page.exists() else ():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if found := _TYPE.search(cells[0]):
            kind = found[1]
        elif kind and line.startswith("|") and len(cells) == 4:
            classes.setdefault(kind, {})[cells[0]] = cells[1:]
    return classes
