"""Uploads by HTML form, which S3's PostObject reads from the form itself.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

import json
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

OPERATION = "PostObject"
_FIELDS = {
    "acl": "ACL",
    "tagging": "Tagging",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-bucket-key-enabled": "BucketKeyEnabled",
    "x-amz-storage-class": "StorageClass",
}

# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
_IN_NO_POLICY = frozenset({"x-amz-signature", "signature", "awsaccesskeyid", "file", "policy"})
_IGNORED = "x-ignore-"


def fields_of(context: RequestContext) -> Mapping[str, str]:
    """Return the fields of a form, after checking that its policy covers them.

    Raises:
        CommonServiceException: a field occurs twice, or the policy does not name it.
    """
    form = context.request.form
    names = [name.lower() for name, _ in form.items(multi=True)]
    checked = [name for name in names if not name.startswith(_IGNORED)]
    # Otherwise one of them could be signed, and another used.
    if repeated := [name for name, count in Counter(checked).items() if count > 1]:
        raise _error("InvalidArgument", f"Bucket POST must contain the field '{repeated[0]}' only once.", 400)
    policy = next((value for name, value in form.items() if name.lower() == "policy"), None)
    if policy and (extra := sorted({*checked} - _IN_NO_POLICY - {*_names_in(policy)})):
        raise _error("AccessDenied", f"Invalid according to Policy: Extra input fields: {', '.join(extra)}", 403)
    return form


def key_of(fields: Mapping[str, str]) -> str | None:
    """Return the access key that a form names."""
    found = {name.lower(): value for name, value in fields.items()}
    return found.get("awsaccesskeyid") or found.get("x-amz-credential", "").partition("/")[0] or None


def _names_in(policy: str) -> Iterator[str]:
    """Yield the fields that a form's policy has conditions on, in lower case; none if it cannot be read."""
    try:
        document: Any = json.loads(b64decode(policy))
    except (ValueError, RecursionError):
        return  # the signature is compared next, and then S3 reports it
    conditions = document.get("conditions") if isinstance(document, dict) else None
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict):
            yield from (str(name).lower() for name in condition)
        elif isinstance(condition, list) and len(condition) > 1:
            yield str(condition[1]).lower().removeprefix("$")


def _error(code: str, text: str, status: int) -> CommonServiceException:
    return CommonServiceException(code, text, status_code=status, sender_fault=True)


def parameters_of(context: RequestContext) -> dict[str, str]:
    """Return the fields of a form, named like PutObject's parameters."""
    form = context.request.form
    found = {name: form[field] for field, name in _FIELDS.items() if form.get(field)}
    key = form.get("key") or ""
    file = context.request.files.get("file")
    if "file" not in form and file is not None:  # S3 replaces the placeholder only if the file is a file
        key = key.replace("${filename}", file.filename or "")
    return {**found, "Key": key}
