"""Uploads by HTML form, which S3's PostObject reads from the form itself.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from localstack.aws.api import RequestContext

OPERATION = "PostObject"
_FIELDS = {
    "acl": "ACL",
    "tagging": "Tagging",
    "x-amz-server-side-encryption": "ServerSideEncryption",
    "x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
    "x-amz-server-side-encryption-bucket-key-enabled": "BucketKeyEnabled",
    "x-amz-storage-class": "StorageClass",
}


def parameters_of(context: RequestContext) -> dict[str, str]:
    """Return the fields of a form, named like PutObject's parameters."""
    form = context.request.form
    found = {name: form[field] for field, name in _FIELDS.items() if form.get(field)}
    key = form.get("key") or ""
    file = context.request.files.get("file")
    if "file" not in form and file is not None:  # S3 replaces the placeholder only if the file is a file
        key = key.replace("${filename}", file.filename or "")
    return {**found, "Key": key}
