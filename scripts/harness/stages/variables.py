"""Values of the root module's variables for a stage."""

from __future__ import annotations

from typing import Any

from harness.stages import root_module
from harness.stages.stage import Stage


def value(stage: Stage, name: str) -> Any:
    """Return a variable's value for a stage, or its default; None without either.

    Args:
        stage: the stage.
        name: of a variable of the root module.

    Raises:
        HarnessError: a file of the root module is invalid.
    """
    chosen = stage.variables.get(name)
    return root_module.defaults(stage.infrastructure).get(name) if chosen is None else chosen


def bucket_name(stage: Stage, variable: str) -> str:
    """Return the full name of a bucket, as this repository's root module composes it.

    Args:
        stage: that owns the bucket.
        variable: the root module's variable for the first part of it.
    """
    return f"{value(stage, variable)}-{stage.variables['project_id']}"
