"""The model of a stage: in its bucket before the function asks for it."""

from __future__ import annotations

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
    with console.step("Publish the model") as step:
        known = model.current(None)
        if known["run_id"] != stage.run_id:
            raise HarnessError(f"run {stage.run_id} is not known here", f"make promote MODEL=… STAGE={stage.name}")
        model.upload(access.client("s3"), bucket, known)
        step.result = f"s3://{bucket}/{known['model_key']}"
