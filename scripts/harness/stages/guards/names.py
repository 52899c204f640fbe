"""Bucket names: they must be valid and not taken by another account."""

from __future__ import annotations

import re

from botocore.exceptions import BotoCoreError, ClientError

from harness.errors import HarnessError
from harness.paths import shown
from harness.stages import explain_aws, variables
from harness.stages.access import Access
from harness.stages.plan import Plan
from harness.stages.stage import Stage

BUCKETS = ("model_bucket", "failed_events_bucket")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; dots would break TLS
VALID = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|--x-s3)$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


def check(stage: Stage, access: Access) -> None:
    """Refuse names that CreateBucket would reject in the middle of an apply.

    Args:
        stage: names its buckets.
        access: to its account.

    Raises:
        HarnessError: a name is invalid, or taken by another account.
    """
    for bucket, where in _buckets(stage):
        _check(bucket, where, access)


def check_planned(changes: Plan, access: Access) -> None:
    """Refuse a plan that creates a bucket with such a name. Takes and raises what `check` does.

    Args:
        changes: what the apply is going to do.
        access: to the stage's account.
    """
    for change in changes.changes:
        if change.kind == "create" and change.type == "aws_s3_bucket" and change.name:
            _check(change.name, change.address, access)


def _check(bucket: str, where: str, access: Access) -> None:
    if not VALID.fullmatch(bucket):
        raise HarnessError(
            f"{bucket} is not a valid bucket name ({len(bucket)} characters)",
            f"choose another in {where}: 3 to 63 lower-case letters, digits and hyphens",
        )
    try:
        access.client("s3").head_bucket(Bucket=bucket, ExpectedBucketOwner=access.identity.account)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return
        if status != 403:
            raise explain_aws.failure(error) from None
        raise HarnessError(
            f"the bucket {bucket} belongs to another account, or these credentials lack s3:ListBucket",
            f"choose another name in {where}: bucket names are globally unique",
        ) from None
    except BotoCoreError as error:
        raise explain_aws.failure(error) from None


def _buckets(stage: Stage) -> list[tuple[str, str]]:
    state = (str(stage.backend["bucket"]), shown(stage.backend_file))
    if not stage.pipeline.is_default:
        return [state]
    of_stage = [(variables.bucket_name(stage, name), f"{name} in {shown(stage.vars_file)}") for name in BUCKETS]
    return [state, *of_stage]
