"""Refuses ACLs in buckets whose owner has switched them off, as S3 does.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html. On AWS they are off in every new
bucket, too. Here that counts only once a request has said so (`BucketOwnerEnforced`): Terraform from before April 2023,
when AWS changed it, still has to apply.
"""

from collections.abc import Collection, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.s3 import ObjectOwnership
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.authorization import forms, resources

_UPDATES = frozenset({"PutBucketAcl", "PutObjectAcl"})
_UPLOADS = frozenset({"CopyObject", "CreateMultipartUpload", "PutObject", forms.OPERATION})
_SETTING = "PutBucketOwnershipControls"
_CHECKED = _UPDATES | _UPLOADS | {_SETTING, "CreateBucket"}
# What an ACL may be where there is none: of a new bucket, and of an upload.
_OF_BUCKET, _OF_UPLOAD = (None, "private"), (None, "", "bucket-owner-full-control")
_OFF = ObjectOwnership.BucketOwnerEnforced
# https://github.com/cn-terraform/terraform-aws-nexus/issues/60
_NOT_SUPPORTED = ("AccessControlListNotSupported", "The bucket does not allow ACLs")
# https://github.com/awslabs/game-analytics-pipeline/issues/8,
# https://github.com/hashicorp/terraform-provider-aws/issues/26164
_HAS_ACL = (
    "InvalidBucketAclWithObjectOwnership",
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
)


def install() -> None:
    """Check requests before S3 gets them."""
    patches.CHECK_ACLS.append(_check)


def _check(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse an ACL where the bucket has none.

    Raises:
        CommonServiceException: AWS's error.
    """
    if context.service is None or context.service.service_name != "s3" or context.operation is None:
        return
    request, operation = context.service_request or {}, context.operation.name
    if operation not in _CHECKED:
        return
    if operation == "CreateBucket" and request.get("ObjectOwnership") == _OFF and _sets_acl(request, _OF_BUCKET):
        raise CommonServiceException(*_HAS_ACL, sender_fault=True)
    bucket: Any = resources.bucket(str(request.get("Bucket") or ""))
    if bucket is None:
        return
    if operation == _SETTING and _switches_off(request) and _lets_others_in(bucket):
        raise CommonServiceException(*_HAS_ACL, sender_fault=True)
    if not _has_none(bucket):
        return
    sent = forms.parameters_of(context) if operation == forms.OPERATION else request
    if operation in _UPDATES or (operation in _UPLOADS and _sets_acl(sent, _OF_UPLOAD)):
        raise CommonServiceException(*_NOT_SUPPORTED, sender_fault=True)


def _sets_acl(request: Mapping[str, Any], allowed: Collection[str | None]) -> bool:
    return request.get("ACL") not in allowed or any(
        value for name, value in request.items() if name.startswith("Grant")
    )


def _switches_off(request: Mapping[str, Any]) -> bool:
    return any(
        rule.get("ObjectOwnership") == _OFF for rule in (request.get("OwnershipControls") or {}).get("Rules") or ()
    )


def _lets_others_in(bucket: Any) -> bool:
    owner = bucket.owner["ID"]
    return any((grant.get("Grantee") or {}).get("ID") != owner for grant in bucket.acl.get("Grants") or ())


def _has_none(bucket: Any) -> bool:
    """Return whether a request has switched a bucket's ACLs off. Core's default is the member of the enumeration."""
    return bucket.object_ownership == _OFF and bucket.object_ownership is not _OFF
