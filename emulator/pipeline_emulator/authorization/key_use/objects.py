"""Objects that S3 encrypts with KMS keys.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html; multipart uploads:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from localstack.aws.api import ServiceException

from pipeline_emulator.arn import Arn, partition_of
from pipeline_emulator.authorization import resources
from pipeline_emulator.authorization.key_use.use import Use, key_of
from pipeline_emulator.iam.requests.call import Call

_WRITES = frozenset({"PutObject", "PostObject", "CopyObject", "CreateMultipartUpload"})
_READS = frozenset({"GetObject", "SelectObjectContent"})
_COPIES = frozenset({"CopyObject", "UploadPartCopy"})
_PARTS = frozenset({"UploadPart", "UploadPartCopy"})
OPERATIONS = _WRITES | _READS | _COPIES | _PARTS | {"HeadObject"}


def of_s3(call: Call) -> list[Use]:
    """Return the key uses of the objects that a request writes and reads."""
    found: list[Use] = []
    name, key = call.text("Bucket"), call.text("Key")
    bucket = resources.bucket(name) if name else None
    if bucket is None or not key:
        return found
    # The checksum is also encrypted: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    if call.operation in _READS or (call.operation == "HeadObject" and call.text("ChecksumMode")):
        found += _reading(bucket, key, call.text("VersionId"))
    if call.operation in _COPIES:
        found += _copying(call)
    if call.operation in _WRITES:
        found += _writing(call, bucket, key)
    if call.operation in _PARTS and (upload := bucket.multiparts.get(call.text("UploadId"))):
        found += _decrypting(bucket, upload.object)
    return found


def of_code(code: object) -> list[Use]:
    """Return the key use of the code that Lambda reads from S3 for its caller, named by S3Bucket and S3Key."""
    found = resources.bucket(str(code.get("S3Bucket") or "")) if isinstance(code, Mapping) else None
    if found is None or not isinstance(code, Mapping):
        return []
    uses = _reading(found, str(code.get("S3Key") or ""), code.get("S3ObjectVersion") or None)
    return [replace(use, via="s3") for use in uses]


def _reading(bucket: Any, key: str, version: str | None) -> list[Use]:
    try:
        return _decrypting(bucket, bucket.get_object(key=key, version_id=version))
    except ServiceException:
        return []  # missing or deleted: S3 reports it


def _copying(call: Call) -> list[Use]:
    source = call.lookups.copy_source_of(call.text("CopySource") or "")
    if source is None:
        return []
    name, key, version = source
    bucket = resources.bucket(name)
    return _reading(bucket, key, version) if bucket else []


def _writing(call: Call, bucket: Any, key: str) -> list[Use]:
    """Return the key use of a write. A request without a key uses the bucket's, as in core.

    An identifier is that of a key in the bucket's account and region, as in core, whatever region the signature names.

    AWS uses its own key in that case: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    rule = bucket.encryption_rule or {}
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    algorithm = call.text("ServerSideEncryption") or default.get("SSEAlgorithm") or ""
    named = call.text("SSEKMSKeyId") or default.get("KMSMasterKeyID")
    if call.text("SSECustomerAlgorithm") or not algorithm.startswith("aws:kms") or not named:
        return []
    by_bucket = bool(call.parameters.get("BucketKeyEnabled") or rule.get("BucketKeyEnabled"))
    context = {**_of_header(call.text("SSEKMSEncryptionContext")), **_context(bucket, key, by_bucket)}
    region = bucket.bucket_region
    owner = Arn(partition_of(region), "s3", region, bucket.bucket_account_id, "")
    return [Use("GenerateDataKey", key_of(named, owner), context)]


def _decrypting(bucket: Any, found: Any) -> list[Use]:
    if not found.kms_key_id or not (found.encryption or "").startswith("aws:kms"):
        return []
    return [Use("Decrypt", found.kms_key_id, _context(bucket, found.key, bool(found.bucket_key_enabled)))]


def _context(bucket: Any, key: str, by_bucket: bool) -> dict[str, str]:
    """Return the encryption context. A bucket key is shared by all objects of the bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
    """
    return {"aws:s3:arn": bucket.bucket_arn if by_bucket else f"{bucket.bucket_arn}/{key}"}


def _of_header(text: str | None) -> dict[str, str]:
    try:
        found = json.loads(b64decode(text or "e30="))
    except ValueError:
        return {}  # S3 reports it
    return found if isinstance(found, dict) else {}
