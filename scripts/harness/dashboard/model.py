"""The model that the stack serves: where it is, and what its hold-out says."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from harness.dashboard.local import Local
from harness.errors import HarnessError
from harness.model import current as current_model
from harness.model import evaluation, hold_out, in_bucket
from harness.model.evaluation import Evaluation
from harness.stack import mapping

BASELINE = "baseline_"


@dataclass(frozen=True)
class InUse:
    """What the live version of the function serves.

    Attributes:
        run_id: MLflow run of its model: that of its variable RUN_ID, or of the stack's last deployment.
        shadow: MLflow run of its shadow model, from SHADOW_RUN_ID; empty without one.
        version: of the function.
        alias: that the mapping invokes; None for a version.
    """

    run_id: str
    shadow: str
    version: str
    alias: str | None


def in_use(local: Local) -> InUse:
    """Return what the function serves that the mapping invokes."""
    found = mapping.find(local.functions, local.stack.resources)
    configuration = local.functions.get_function_configuration(FunctionName=found["FunctionArn"])
    variables = configuration.get("Environment", {}).get("Variables", {})
    version, qualifier = configuration["Version"], mapping.qualifier(found)
    alias = None if qualifier == version else qualifier
    run_id = variables.get("RUN_ID") or local.stack.run_id
    return InUse(run_id, variables.get("SHADOW_RUN_ID", ""), version, alias)


def describe(local: Local) -> dict[str, Any]:
    """Return the model in use: its run, place and metrics beside the baseline's, and the hold-out's figures."""
    stack = local.stack
    if not stack.model:
        return {"has_model": False}
    now = in_use(local)
    known = stack.model if now.run_id == stack.run_id else current_model.known(now.run_id) or {}
    place = folder(local, now.run_id)
    return {
        "has_model": True,
        "run_id": now.run_id,
        "newest": None if now.run_id == stack.run_id else stack.run_id,
        "version": known.get("model_version"),
        "function": f"version {now.version}" + (f", alias {now.alias}" if now.alias else ""),
        "place": f"s3://{stack.resources.model_bucket}/{place}" if place else None,
        "metrics": _metrics(known.get("metrics", {})),
        "trained_on": " to ".join(map(str, known.get("date_range") or [])),
        **_mlflow(local, now.run_id, place),
        **_evaluated(local, now.run_id),
    }


def _metrics(metrics: dict[str, float]) -> list[dict[str, Any]]:
    plain = {name: value for name, value in metrics.items() if not name.startswith(BASELINE)}
    return [{"name": name, "value": value, "baseline": metrics.get(BASELINE + name)} for name, value in plain.items()]


def _mlflow(local: Local, run_id: str, place: str | None) -> dict[str, str | None]:
    """Return the run's page in the stack's MLflow; without a server, the command that starts one."""
    stack = local.stack
    if not stack.mlflow_port:
        store = f"sqlite:///{current_model.place(stack).store / 'mlflow.db'}"
        return {"mlflow": None, "command": f".venv/bin/mlflow ui --backend-store-uri {shlex.quote(store)}"}
    experiment = place.partition("/")[0] if place else ""
    run = f"/#/experiments/{experiment}/runs/{run_id}" if experiment else ""
    return {"mlflow": f"{stack.mlflow_url}{run}", "command": None}


def folder(local: Local, run_id: str) -> str | None:
    """Return the folder of a run's model in the bucket; None if it is not there."""
    stack = local.stack
    if run_id == stack.run_id:
        return str(stack.model["model_key"])
    bucket = stack.resources.model_bucket
    return next(iter(in_bucket.folders(local.s3, bucket, run_id)), None) if bucket else None


def read(local: Local, run_id: str) -> Evaluation | None:
    """Return a run's evaluation; None if it has none.

    Raises:
        HarnessError: the file is not as documented.
    """
    bucket, place = local.stack.resources.model_bucket, folder(local, run_id)
    return evaluation.read(local.s3, bucket, place) if bucket and place else None


def _evaluated(local: Local, run_id: str) -> dict[str, Any]:
    """Return the errors on the hold-out. An unusable evaluation must not hide the rest of the view."""
    try:
        found = read(local, run_id)
    except HarnessError as error:
        return {"hold_out": None, "problem": {"cause": error.cause, "nextStep": error.next_step}}
    return {"hold_out": summary(found, groups=True) if found else None, "problem": None}


def summary(found: Evaluation, *, groups: bool = False) -> dict[str, Any] | None:
    """Return the figures of an evaluation's hold-out, with `groups` by group as well; None if it has no hold-out."""
    held = found.hold_out
    if held is None:
        return None
    return {
        "target": found.target,
        "rows": held.rows,
        "kept": len(held.actual),
        "first": min(held.time, default=None),
        "last": max(held.time, default=None),
        "errors": hold_out.errors(held),
        **({"groups": hold_out.by_group(held)} if groups else {}),
    }


def over_time(local: Local, group: str, value: str) -> dict[str, Any]:
    """Return actual and predicted values of the hold-out for a chart; of one group's value if a group is given."""
    found = read(local, in_use(local).run_id)
    if found is None or found.hold_out is None:
        return {"timed": False, "points": []}
    return hold_out.over_time(found.hold_out, group, value)
