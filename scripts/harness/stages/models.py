"""The model of a stage: in its bucket before the function asks for it."""

from __future__ import annotations

from pathlib import Path

from harness import console, model
from harness.errors import HarnessError
from harness.stages.access import Access
from harness.stages.stage import Stage


def publish(stage: Stage, access: Access, bucket: str) -> None:
    """Copies the model that the stage's variables name to its bucket, unless it is there.

    Args:
        stage: names the run.
        access: to its account.
        bucket: the stage's model bucket.

    Raises:
        HarnessError: no model is chosen, or it is neither in the bucket nor on this machine.
    """
    if stage.run_id is None:
        return
    from harness.rollout import bucket as rollout  # imports MLflow

    s3 = access.client("s3")
    with console.step("Publish the model") as step:
        known = model.known(stage.run_id)
        if known is not None:
            copy = rollout.prepare(s3, bucket, known["model_key"], Path(known["model_dir"]), stage.run_id)
            copy.run(s3)
            step.result = copy.place + ("" if copy.missing else ", as before")
        elif found := rollout.models(s3, bucket, stage.run_id):
            step.result = f"s3://{bucket}/{found[0]}, as before"
        else:
            raise HarnessError(
                f"the model of run {stage.run_id} is neither in bucket {bucket} nor on this machine",
                f"promote one: make promote MODEL=<version, run id or alias> STAGE={stage.name}",
            )
