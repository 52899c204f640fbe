"""S3: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.

Permissions by operation: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pipeline_emulator.iam.requests.call import Call, Check, Checks
from pipeline_emulator.iam.requests.s3_actions import ON_VERSION, action_of
from pipeline_emulator.iam.requests.s3_keys import KEYS, keys_of, values_of
from pipeline_emulator.iam.ternary import Undetermined
from pipeline_emulator.iam.variables import Value

_OF_DELETION = {"s3:versionid": "VersionId", "s3:if-match": "ETag"}
_GRANTS = ("ACL", "GrantRead", "GrantWrite", "GrantFullControl", "GrantReadACP", "GrantWriteACP")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html#object-lock-permissions
_OF_OBJECT = {
    "PutObjectTagging": ("Tagging",),
    "PutObjectAcl": _GRANTS,
    "PutObjectRetention": ("ObjectLockMode", "ObjectLockRetainUntilDate"),
    "PutObjectLegalHold": ("ObjectLockLegalHoldStatus",),
}
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
_OF_BUCKET = {"PutBucketAcl": _GRANTS, "PutBucketOwnershipControls": ("ObjectOwnership",)}
_FURTHER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("PutObject", "PostObject", "CopyObject", "CreateMultipartUpload"), _OF_OBJECT),
    "CreateBucket": _OF_BUCKET,
}


def checks(call: Call) -> Checks:
    """Return the checks on the bucket or object. A copy also reads its source."""
    if call.operation in ("ListBuckets", "ListDirectoryBuckets"):
        return [Check("s3:ListAllMyBuckets", "*", keys=keys_of(call))]
    bucket = call.text("Bucket")
    if not bucket:
        return Undetermined(f"s3:{call.operation} names no bucket")
    arn = f"arn:aws:s3:::{bucket}"
    if call.operation == "DeleteObjects":
        return _deletions(call, arn)
    values, keys, tags = values_of(call), keys_of(call), _bucket_tags(call)
    key = call.text("Key")
    resource = f"{arn}/{key}" if key else arn
    found = [
        Check(action, resource, values, keys, tags)
        for action in action_of(call.operation, bool(call.text("VersionId")))
    ]
    if "Copy" in call.operation:
        source = call.lookups.copy_source_of(call.text("CopySource") or "")
        if source is None:
            return Undetermined(f"s3:{call.operation} names no object to copy")
        found.insert(0, _reading(*source))
    found += [Check(f"s3:{action}", resource, values, keys) for action in _further_actions(call)]
    return [*found, Check("s3:TagResource", resource, values, keys, tags)] if tags else found


def _bucket_tags(call: Call) -> dict[str, str]:
    """Return the tags that a new bucket gets: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html."""
    configuration = call.parameters.get("CreateBucketConfiguration")
    return replace(call, parameters=configuration).tags("Tags") if isinstance(configuration, Mapping) else {}


def _further_actions(call: Call) -> Iterator[str]:
    """Yield the actions that parameters of a request require, beside the operation's own."""
    if call.operation in _FURTHER:
        yield from (
            action for action, names in _FURTHER[call.operation].items() if any(_is_given(call, name) for name in names)
        )
    if call.parameters.get("BypassGovernanceRetention"):
        yield "BypassGovernanceRetention"
    if call.parameters.get("ObjectLockEnabledForBucket"):
        yield from ("PutBucketObjectLockConfiguration", "PutBucketVersioning")


def _is_given(call: Call, name: str) -> bool:
    value = call.parameters.get(name)
    # A new bucket is private in any case: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    return bool(value) and (call.operation, name, value) != ("CreateBucket", "ACL", "private")


def _reading(bucket: str, key: str, version: str | None) -> Check:
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    values: dict[str, Value] = {"s3:versionid": version} if version else {}
    return Check(action, f"arn:aws:s3:::{bucket}/{key}", values, KEYS)


def reads_of(code: object) -> list[Check]:
    """Return the check for reading the object that a request to another service names as S3Bucket and S3Key."""
    if not isinstance(code, Mapping) or not code.get("S3Bucket"):
        return []
    return [_reading(str(code["S3Bucket"]), str(code.get("S3Key") or ""), code.get("S3ObjectVersion") or None)]


def _deletions(call: Call, arn: str) -> Checks:
    delete = call.parameters.get("Delete")
    objects = delete.get("Objects") if isinstance(delete, dict) else None
    found = []
    for each in objects if isinstance(objects, list) else []:
        versioned = bool(each.get("VersionId"))
        action = ON_VERSION["DeleteObject"] if versioned else "DeleteObject"
        values: dict[str, Value] = {key: str(each[name]) for key, name in _OF_DELETION.items() if each.get(name)}
        resource = f"{arn}/{each.get('Key', '')}"
        found += [Check(f"s3:{name}", resource, values, KEYS) for name in (action, *_further_actions(call))]
    return found or Undetermined("s3:DeleteObjects names no objects")
