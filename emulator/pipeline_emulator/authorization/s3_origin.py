"""S3's condition keys that do not depend on the operation: https://docs.aws.amazon.com/AmazonS3/latest/API/bucket-policy-s3-sigv4-conditions.html."""

from werkzeug import Request

from pipeline_emulator.authorization import access_keys
from pipeline_emulator.iam.variables import Value

_VERSION_4, _VERSION_2 = "AWS4-HMAC-SHA256", "AWS"
_CONTENT = "x-amz-content-sha256"
# The local endpoint stands for AWS's, which takes TLS 1.2 and 1.3.
_TLS = "1.3"
_OF_SIGNATURE = frozenset({"s3:authtype", "s3:signatureversion", f"s3:{_CONTENT}"})


def keys_of(request: Request | None, owner: str) -> tuple[dict[str, Value], frozenset[str]]:
    """Return the condition keys with their values, and all that are known, with a value or without.

    Args:
        request: the HTTP request; None if a service makes one for the client.
        owner: the account of the resource.
    """
    found: dict[str, Value] = {"s3:resourceaccount": owner, "s3:tlsversion": _TLS}
    if request is None or _is_form(request):
        return found, frozenset(found)
    return found | _of_signature(request), _OF_SIGNATURE.union(found)


def _is_form(request: Request) -> bool:
    """Return whether the signature may be in a form, whose fields say how it was made."""
    return request.method == "POST" and request.mimetype == "multipart/form-data"


def _of_signature(request: Request) -> dict[str, Value]:
    """Return the keys that tell how a request was signed. A presigned URL leaves the content unsigned."""
    content = request.headers.get(_CONTENT)
    found: dict[str, Value] = {f"s3:{_CONTENT}": content} if content else {}
    if not access_keys.is_signed(request):
        return found
    if "X-Amz-Signature" in request.args:
        unsigned = {f"s3:{_CONTENT}": "UNSIGNED-PAYLOAD"}
        return {"s3:authtype": "REST-QUERY-STRING", "s3:signatureversion": _VERSION_4, **unsigned, **found}
    if "Signature" in request.args:
        return {"s3:authtype": "REST-QUERY-STRING", "s3:signatureversion": _VERSION_2, **found}
    return {"s3:authtype": "REST-HEADER", "s3:signatureversion": _VERSION_4, **found}
