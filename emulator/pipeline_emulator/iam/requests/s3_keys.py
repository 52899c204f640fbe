"""S3's condition keys that are parameters of a request.

Which action has which: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from pipeline_emulator.iam.requests.call import Call
from pipeline_emulator.iam.variables import Value

_TAG = "s3:requestobjecttag"
_TAG_KEYS = "s3:requestobjecttagkeys"
_DATE = "s3:object-lock-retain-until-date"
_DAYS = "s3:object-lock-remaining-retention-days"
# The members of a request, the first of which is read. A dot leads into a structure.
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "s3:prefix": ("Prefix",),
    "s3:delimiter": ("Delimiter",),
    "s3:max-keys": ("MaxKeys",),
    "s3:versionid": ("VersionId",),
    "s3:x-amz-acl": ("ACL",),
    "s3:x-amz-grant-full-control": ("GrantFullControl",),
    "s3:x-amz-grant-read": ("GrantRead",),
    "s3:x-amz-grant-read-acp": ("GrantReadACP",),
    "s3:x-amz-grant-write": ("GrantWrite",),
    "s3:x-amz-grant-write-acp": ("GrantWriteACP",),
    "s3:x-amz-server-side-encryption": ("ServerSideEncryption",),
    "s3:x-amz-server-side-encryption-aws-kms-key-id": ("SSEKMSKeyId",),
    "s3:x-amz-server-side-encryption-customer-algorithm": ("SSECustomerAlgorithm",),
    "s3:x-amz-storage-class": ("StorageClass",),
    "s3:x-amz-copy-source": ("CopySource",),
    "s3:x-amz-metadata-directive": ("MetadataDirective",),
    "s3:x-amz-website-redirect-location": ("WebsiteRedirectLocation",),
    "s3:x-amz-object-ownership": ("ObjectOwnership",),
    "s3:locationconstraint": ("CreateBucketConfiguration.LocationConstraint",),
    "s3:object-lock-mode": ("ObjectLockMode", "Retention.Mode"),
    "s3:object-lock-legal-hold": ("ObjectLockLegalHoldStatus", "LegalHold.Status"),
    "s3:if-none-match": ("IfNoneMatch",),
    "s3:if-match": ("IfMatch",),
}
_UNTIL = ("ObjectLockRetainUntilDate", "Retention.RetainUntilDate")
_TAGGED = _TAG, _TAG_KEYS
KEYS = frozenset({*_MEMBERS, _DATE, _DAYS, *_TAGGED})
"""All of these keys, in lower case."""


def keys_of(call: Call) -> frozenset[str]:
    """Return the keys of which `values_of` returns every value that the request has."""
    return KEYS if _tags(call) is not None else KEYS.difference(_TAGGED)


def values_of(call: Call) -> dict[str, Value]:
    """Return the condition keys that a request has, with their values."""
    found: dict[str, Value] = {}
    for key, members in _MEMBERS.items():
        value = _first(call, members)
        if value is not None and value != "":
            found[key] = str(value)
    if "Prefix" in call.parameters:
        found["s3:prefix"] = str(call.parameters["Prefix"] or "")
    return found | _retention(call) | _tag_values(call)


def _first(call: Call, members: tuple[str, ...]) -> object:
    return next((value for member in members if (value := _member(call, member)) is not None), None)


def _member(call: Call, path: str) -> object:
    found: object = call.parameters
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _retention(call: Call) -> dict[str, Value]:
    """Return until when an object is to be locked, and the days until then.

    AWS does not document how it rounds them: 10 days from now are 10 here, whenever the request arrives.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    """
    until = _time(_first(call, _UNTIL))
    if until is None:
        return {}
    days = -((datetime.now(UTC) - until) // timedelta(days=1))
    return {_DATE: until.isoformat(), _DAYS: str(days)}


def _time(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _tag_values(call: Call) -> dict[str, Value]:
    """Return the tags that an object gets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html."""
    tags = _tags(call)
    if not tags:
        return {}
    return {_TAG_KEYS: tuple(tags), **{f"{_TAG}/{name.lower()}": value for name, value in tags.items()}}


def _tags(call: Call) -> dict[str, str] | None:
    """Return the object tags in a request; None if they cannot be read, or if two names differ only in case."""
    tagging = call.parameters.get("Tagging")
    if call.operation == "PutBucketTagging" or not tagging:
        return {}
    if call.operation == "PostObject":
        return None  # forms have them as XML
    if isinstance(tagging, str):
        tags = dict(parse_qsl(tagging, keep_blank_values=True))
    elif isinstance(tagging, Mapping):
        tags = replace(call, parameters=tagging).tags("TagSet")
    else:
        return None
    return tags if len({name.lower() for name in tags}) == len(tags) else None
