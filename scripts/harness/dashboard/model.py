"""The model that the stack serves."""

from __future__ import annotations

from typing import Any

from harness.dashboard.local import Local
from harness.model import current as current_model

BASELINE = "baseline_"


def describe(local: Local) -> dict[str, Any]:
    """Return the served model's run, its hold-out metrics beside the baseline's, and where MLflow has it."""
    stack = local.stack
    if not stack.model:
        return {"has_model": False}
    metrics: dict[str, float] = stack.model.get("metrics", {})
    plain = {name: value for name, value in metrics.items() if not name.startswith(BASELINE)}
    period = stack.model.get("date_range") or []
    return {
        "has_model": True,
        "run_id": stack.run_id,
        "version": stack.model.get("model_version"),
        "place": f"s3://{stack.resources.model_bucket}/{stack.model['model_key']}",
        "metrics": [
            {"name": name, "value": value, "baseline": metrics.get(BASELINE + name)} for name, value in plain.items()
        ],
        "trained_on": " to ".join(map(str, period)),
        "mlflow": _mlflow(local),
        "store": str(current_model.place(stack).store),
    }


def _mlflow(local: Local) -> str | None:
    """Return the run's page in the stack's MLflow; None if the stack has no server."""
    stack, experiment = local.stack, local.stack.model.get("experiment_id")
    if not stack.mlflow_port:
        return None
    return f"{stack.mlflow_url}/#/experiments/{experiment}/runs/{stack.run_id}" if experiment else stack.mlflow_url
