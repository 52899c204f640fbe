"""Publishes a stage's models to its bucket before the function needs them."""

from __future__ import annotations

from pathlib import Path

from harness import console
from harness.errors import HarnessError
from harness.model import current as current_model
from harness.stages import model_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage


def publish(stage: Stage, access: Access, bucket: str | None) -> None:
    """Copy the models that the stage's variables name, live and shadow, to its bucket.

    Args:
        stage: names the runs.
        access: to its account.
        bucket: the stage's model bucket; None for no bucket, and nothing to do.

    Raises:
        HarnessError: a model is neither in the bucket nor on this machine, or the two differ.
    """
    if bucket is None:
        return
    for title, run_id in (("model", stage.run_id), ("shadow model", stage.variables.get("shadow_run_id"))):
        if run_id is not None:
            with console.step(f"Publish the {title}") as step:
                step.result = _publish(stage, access, bucket, run_id)


def _publish(stage: Stage, access: Access, bucket: str, run_id: str) -> str:
    """Return the location of the model."""
    s3 = access.client("s3")
    if (known := current_model.known(run_id)) is not None:
        copy = model_bucket.prepare(s3, bucket, known["model_key"], Path(known["model_dir"]), run_id)
        copy.run(s3)
        return copy.place + ("" if copy.missing else ", unchanged")
    if found := model_bucket.models(s3, bucket, run_id):
        return f"s3://{bucket}/{found[0]}, unchanged"
    raise HarnessError(
        f"the model of run {run_id} is neither in bucket {bucket} nor on this machine",
        f"promote one: make promote MODEL=<version, run id or alias> STAGE={stage.name}",
    )
