"""A resource and the changes it goes through. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Subject:
    """A resource of the configuration.

    Attributes:
        resource: its type.
        arguments: as created, in Terraform's JSON syntax.
        rounds: the arguments that each round changes; None removes an argument.
        import_id: how `terraform import` addresses it, with its values in braces; empty if the type has no import.
        label: its name in the configuration.
        is_replaced: whether the provider replaces it for a change; otherwise it must change it in place.
        unread: arguments that no import can read, each with the reason.
    """

    resource: str
    arguments: Arguments
    rounds: Sequence[Arguments] = ()
    import_id: str = "{id}"
    label: str = "it"
    is_replaced: bool = False
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """`aws_sqs_queue.it`."""
        return f"{self.resource}.{self.label}"

    def after(self, rounds: int) -> dict[str, Any]:
        """Its arguments after some rounds."""
        merged = dict(self.arguments)
        for changed in self.rounds[:rounds]:
            merged |= changed
        return {name: value for name, value in merged.items() if value is not None}

    def changed_in(self, number: int) -> frozenset[str]:
        """The arguments that a round changes, counted from 1."""
        return frozenset(self.rounds[number - 1]) if number <= len(self.rounds) else frozenset()


def document(*statements: Arguments) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str, resource: str = "*", **principal: str) -> dict[str, Any]:
    """A statement; with a principal, such as `Service="lambda.amazonaws.com"`, of a resource's policy."""
    who = {"Principal": principal} if principal else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource} | who


def trust(*services: str) -> str:
    """A role's trust policy for services, by the first part of their names."""
    named = [f"{service}.amazonaws.com" for service in services]
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": named}})
