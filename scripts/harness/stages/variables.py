"""The variables that the root module declares, their defaults, and their values for a stage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.stages import tfvars
from harness.stages.stage import Stage


def defaults(infrastructure: Path) -> dict[str, Any]:
    """Return every declared variable with its default; None also if it has no default.

    Args:
        infrastructure: folder of the root module.

    Raises:
        HarnessError: a file is invalid.
    """
    found: dict[str, Any] = {}
    for file in sorted(infrastructure.glob("*.tf")):
        for block in tfvars.read(file).get("variable", []):
            for name, body in block.items():
                found[name] = body.get("default")
    return found


def value(stage: Stage, name: str) -> Any:
    """Return a variable's value for a stage, or its default.

    Args:
        stage: the stage.
        name: of a variable of the root module.

    Raises:
        HarnessError: a file of the root module is invalid.
    """
    chosen = stage.variables.get(name)
    return defaults(stage.infrastructure).get(name) if chosen is None else chosen


def bucket_name(stage: Stage, variable: str) -> str:
    """Return the full name of a bucket, as the root module composes it.

    Args:
        stage: that owns the bucket.
        variable: the root module's variable for the first part of it.
    """
    return f"{value(stage, variable)}-{stage.variables['project_id']}"
