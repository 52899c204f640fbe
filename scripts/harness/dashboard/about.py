"""What the page needs to know of the stack before anything else."""

from __future__ import annotations

from typing import Any

from harness.dashboard.local import Current
from harness.errors import HarnessError


def describe(current: Current) -> dict[str, Any]:
    """Return the stack's phase, names and sample event; also while it does not run."""
    phase, stack = current.find()
    if stack is None:
        return {"phase": phase, "name": current.name}
    try:
        names = stack.resources
        resources = {name: getattr(names, name) for name in names.__dataclass_fields__}
    except HarnessError:  # Terraform has not been applied yet
        resources = {}
    pipeline = stack.pipeline
    return {
        "phase": phase,
        "name": current.name,
        "pipeline": pipeline.name,
        "runtime": stack.runtime,
        "endpoint": stack.endpoint_url,
        "region": stack.region,
        "resources": resources,
        "samples": pipeline.samples()[:5],
        "id_in": pipeline.file.ledger.id_in,
        "has_model": bool(stack.model),
        "log": stack.localstack_log,
        "settings": stack.settings,
    }
