"""The model: one is chosen, and it can be had."""

from __future__ import annotations

import json

from botocore.exceptions import BotoCoreError, ClientError

from harness import paths
from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import explain_aws
from harness.stages.access import Access
from harness.stages.guards.names import bucket_name
from harness.stages.stage import Stage


def check(stage: Stage, access: Access) -> None:
    """Refuses a stage without a model: its events would wait until they expire.

    Args:
        stage: names the run.
        access: to its account.

    Raises:
        HarnessError: none is chosen, or it is neither in the stage's bucket nor on this machine.
    """
    promote = f"make promote MODEL=<version or run id> STAGE={stage.name}"
    if not stage.run_id:
        raise HarnessError(f"{shown(stage.vars_file)} does not set run_id: no model is chosen", promote)
    if not _on_this_machine(stage.run_id) and not _in_bucket(stage, access, stage.run_id):
        raise HarnessError(
            f"run {stage.run_id} of {shown(stage.vars_file)} has no model, neither in the bucket "
            f"{bucket_name(stage, 'model_bucket')} nor on this machine",
            promote,
        )


def _on_this_machine(run_id: str) -> bool:
    try:
        return bool(json.loads(paths.MODEL_FILE.read_text())["result"]["run_id"] == run_id)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _in_bucket(stage: Stage, access: Access, run_id: str) -> bool:
    paths.import_service()
    from store_sales.location import ModelError, find_model  # the function's own way of finding it

    bucket, s3 = bucket_name(stage, "model_bucket"), access.client("s3")
    try:
        s3.head_bucket(Bucket=bucket)
        find_model(s3, bucket, run_id, None)
    except ModelError:
        return False
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise explain_aws.failure(error) from None
    except BotoCoreError as error:
        raise explain_aws.failure(error) from None
    return True
