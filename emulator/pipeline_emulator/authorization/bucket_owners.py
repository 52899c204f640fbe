"""Checks that a bucket belongs to the account that a request expects; core asks this of few operations.

The condition holds for every caller, the root user included, and whatever IAM_ENFORCEMENT is:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
"""

import re
from collections.abc import Iterator
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response
from localstack.services.s3.exceptions import InvalidBucketOwnerAWSAccountID

from pipeline_emulator.authorization import errors, names, resources

_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)


def require(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Let a request pass whose buckets belong to the accounts that it names. A handler in the gateway's chain.

    Raises:
        CommonServiceException: a bucket belongs to another account, or the request names none that can exist.
    """
    if context.service is None or context.service.service_name != "s3":
        return
    for name, expected in _expectations(context.service_request or {}):
        if not _ACCOUNT.fullmatch(expected):
            raise InvalidBucketOwnerAWSAccountID(
                f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]"
            )
        bucket = resources.bucket(name)
        if bucket and bucket.bucket_account_id != expected:  # S3 reports a missing bucket
            raise errors.access_denied("s3", "Access Denied")


def _expectations(request: Any) -> Iterator[tuple[str, str]]:
    """Yield the names of the buckets with an expected owner, and the owners."""
    if expected := request.get("ExpectedBucketOwner"):
        yield request["Bucket"], expected
    source = names.copy_source_of(request.get("CopySource") or "")
    if source and (expected := request.get("ExpectedSourceBucketOwner")):
        yield source[0], expected
