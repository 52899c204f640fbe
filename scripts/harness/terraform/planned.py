"""What a plan is going to make, from `terraform show -json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Resource:
    """A resource that is planned.

    Attributes:
        address: its address, such as `module.source_stream.aws_kinesis_stream.this`.
        type: such as `aws_kinesis_stream`.
        values: its arguments; those that are known only after the apply are missing.
    """

    address: str
    type: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Planned:
    """A plan's resources, and those of its outputs that are known.

    Attributes:
        resources: all managed resources.
        outputs: values by name.
    """

    resources: tuple[Resource, ...]
    outputs: dict[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Planned:
        """Read the JSON of a plan."""
        planned = document["planned_values"]
        outputs = {name: found["value"] for name, found in planned.get("outputs", {}).items() if "value" in found}
        return cls(tuple(_resources(planned.get("root_module", {}))), outputs)

    def of_type(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.type == kind]


def _resources(module: Mapping[str, Any]) -> Iterator[Resource]:
    for found in module.get("resources", []):
        if found["mode"] == "managed":
            yield Resource(found["address"], found["type"], found.get("values") or {})
    for child in module.get("child_modules", []):
        yield from _resources(child)
