"""The models: one must be chosen, and the chosen ones must be available."""

from __future__ import annotations

from harness.errors import HarnessError
from harness.model import current as current_model
from harness.paths import shown
from harness.stages import model_bucket
from harness.stages.access import Access
from harness.stages.stage import Stage
from harness.stages.variables import bucket_name

LIVE, SHADOW = "run_id", "shadow_run_id"


def check(stage: Stage, access: Access) -> None:
    """Refuse a stage without a model: its events would wait until they expire.

    Args:
        stage: names the runs of the live model and, if there is one, of the shadow.
        access: to its account.

    Raises:
        HarnessError: none is chosen, or one is neither in the stage's bucket nor on this machine.
    """
    promote = f"make promote MODEL=<version, run id or alias> STAGE={stage.name}"
    if not (stage.pipeline.has_model and stage.declares(LIVE)):
        return
    if not stage.run_id:
        raise HarnessError(f"{shown(stage.vars_file)} does not set {LIVE}: no model is chosen", promote)
    if not stage.pipeline.is_default:  # its bucket's name is known after `terraform init`: models.py
        return
    for name in (LIVE, SHADOW):
        run_id = stage.variables.get(name)
        if run_id and current_model.known(run_id) is None and not _in_bucket(stage, access, run_id):
            raise HarnessError(
                f"{name} = {run_id} in {shown(stage.vars_file)} has no model, neither in the bucket "
                f"{bucket_name(stage, 'model_bucket')} nor on this machine",
                promote + (" SHADOW=1" if name == SHADOW else ""),
            )


def _in_bucket(stage: Stage, access: Access, run_id: str) -> bool:
    name, s3 = bucket_name(stage, "model_bucket"), access.client("s3")
    return model_bucket.exists(s3, name, access.account()) and bool(model_bucket.models(s3, name, run_id))
