"""Describes what a plan would change, so that a user can decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness import console

# Types that hold data. Everything else can be recreated from the configuration.
HOLD_DATA = ("aws_kinesis_stream", "aws_s3_bucket", "aws_ecr_repository", "aws_cloudwatch_log_group", "aws_kms_key")
_LOST = {
    "aws_kms_key": (
        "everything encrypted with {}, including the model, would become unreadable at once "
        "(docs/encryption.md: turning it off)"
    )
}
_KINDS = {
    ("create",): "create",
    ("update",): "change",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
}
_SIGNS = {"create": "+", "change": "~", "delete": "-", "replace": "±"}


@dataclass(frozen=True)
class Change:
    """One resource that a plan changes.

    Attributes:
        kind: create, change, replace or delete.
        address: Terraform's address.
        type: Terraform's resource type.
        name: the resource's name on AWS, if it has one.
    """

    kind: str
    address: str
    type: str
    name: str

    @property
    def loses_data(self) -> bool:
        """Whether the change destroys data."""
        return self.kind in ("delete", "replace") and self.type in HOLD_DATA


@dataclass(frozen=True)
class Plan:
    """A saved plan.

    Attributes:
        changes: of resources, in Terraform's order.
        outputs_change: whether outputs would change.
    """

    changes: list[Change]
    outputs_change: bool

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Plan:
        """Parse the output of `terraform show -json` for a plan."""
        changes = []
        for entry in document.get("resource_changes", []):
            kind = _KINDS.get(tuple(entry["change"]["actions"]))
            if kind and entry["mode"] == "managed":
                values = entry["change"]["before"] or entry["change"]["after"] or {}
                changes.append(Change(kind, entry["address"], entry["type"], _name(values)))
        outputs = document.get("output_changes", {}).values()
        return cls(changes, any(output["actions"] != ["no-op"] for output in outputs))

    @property
    def is_empty(self) -> bool:
        """Whether applying the plan would do nothing."""
        return not self.changes and not self.outputs_change

    def show(self) -> None:
        """Print every change; those that destroy data come last and are marked."""
        for change in sorted(self.changes, key=lambda one: (one.loses_data, list(_SIGNS).index(one.kind))):
            name = f"  {change.name}" if change.name else ""
            console.say(f"  {_SIGNS[change.kind]} {change.kind:8}{change.address}{name}")
        console.say(f"  {self.summary()}")
        for change in self.changes:
            if change.loses_data:
                console.warn(_LOST.get(change.type, "{} and everything in it would be lost").format(change.address))

    def summary(self) -> str:
        """Return the counts in one line."""
        counts = Counter(change.kind for change in self.changes)
        return ", ".join(f"{counts[kind]} to {kind}" for kind in _SIGNS if counts[kind]) or "only outputs change"


def _name(values: Mapping[str, Any]) -> str:
    for key in ("function_name", "bucket", "name", "dashboard_name", "alarm_name", "uuid"):
        if isinstance(values.get(key), str):
            return str(values[key])
    return ""
