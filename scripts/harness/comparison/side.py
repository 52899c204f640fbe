"""A place where the pipeline runs: the local stack, or a stage on AWS."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.pipeline.definition import Resources
from harness.stack.clients import Clients
from harness.stack.state import Stack
from harness.stages.access import Access
from harness.stages.stage import Stage

ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([0-9]*):")
PROPERTIES = {"lambda": "functions"}  # of Clients, where the name differs


@dataclass(frozen=True)
class Side:
    """A place where the pipeline runs.

    Attributes:
        title: as the table names it.
        names: of the pipeline's resources there.
        project: the part of names by which stages differ; empty if there is none.
        client: returns a client of a service.
    """

    title: str
    names: Resources
    project: str
    client: Callable[[str], Any]

    def neutral(self, value: Any) -> Any:
        """Return a value without what always differs: accounts, regions and the stage's part of names."""
        if isinstance(value, Mapping):
            return {self.neutral(key): self.neutral(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.neutral(each) for each in value]
        return self._neutral_text(value) if isinstance(value, str) else value

    def _neutral_text(self, text: str) -> str:
        text = ARN.sub(r"arn:aws:\1:", text)
        return re.sub(rf"(?<=[-_/]){re.escape(self.project)}(?![A-Za-z0-9])", "*", text) if self.project else text


def local(stack: Stack) -> Side:
    """Return the local stack."""
    clients = Clients(stack)
    return Side("local", stack.resources, stack.project_id, lambda name: getattr(clients, PROPERTIES.get(name, name)))


def deployed(stage: Stage, access: Access, outputs: Mapping[str, Any]) -> Side:
    """Return a stage.

    Args:
        stage: its files.
        access: to its account.
        outputs: Terraform's, from the stage's state.
    """
    project = str(stage.variables.get("project_id") or "")
    return Side(stage.name, stage.pipeline.resources(outputs), project, access.client)
