"""How large the body of a request may be, by service, and AWS's error for a larger one.

Bodies of JSON contain base64 and escapes; where AWS documents the size of the content only, the limit here leaves room
for those, and the service checks the content.

- Lambda: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. The exact sizes are those in Lambda's
  messages.
- Kinesis: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
- S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
- The registry: https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html ("Maximum layer size"); a
  manifest may have 4 MiB: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl

_MIB = 2**20
SMALLEST = _MIB
"""No limit is lower, so smaller bodies need no further look."""
_INVOKE_BYTES, _ASYNCHRONOUS_BYTES, _CODE_BYTES = 6_291_456, _MIB, 70_167_211
# An object's 5 GiB, and the signatures of its chunks.
_OBJECT_BYTES = 5 * 2**30 + 64 * _MIB
_DOCUMENT_BYTES = 4 * _MIB  # DeleteObjects of 1,000 keys of 1 KiB
_BY_SERVICE = {"kinesis": 32 * _MIB, "sqs": 8 * _MIB, "logs": 8 * _MIB, "iam": 2 * _MIB, "ecr": 32 * _MIB}
_OTHERS = 64 * _MIB
LAYER_BYTES, MANIFEST_BYTES = 52_000 * _MIB, 4 * _MIB
_REGISTRY = "/v2/"

_SCOPE = re.compile(r"Credential=[^/,]+/\d+/[^/,]+/([a-z0-9-]+)/")
_INVOKE = re.compile(r"^/\d{4}-\d\d-\d\d/functions/[^/]+/(?:response-streaming-)?invocations/?$")
_UPLOAD = re.compile(r"^/v2/.+/blobs/uploads/[^/]*$")
_MANIFEST = re.compile(r"^/v2/.+/manifests/[^/]*$")
_LAMBDA = re.compile(r"^/\d{4}-\d\d-\d\d/(functions|layers)\b")
_OBJECT_PARAMETERS = re.compile(r"(partNumber|uploadId|x-id|X-Amz-.*|AWSAccessKeyId|Signature|Expires)$", re.IGNORECASE)


@dataclass(frozen=True)
class Limit:
    """The largest body in bytes; code, HTTP status and message of the error for a larger one.

    Attributes:
        of_registry: whether the registry's routes refuse the request, in their own form.
    """

    size: int
    code: str = "RequestEntityTooLarge"
    status: int = 413
    message: str = "The request is too large."
    of_registry: bool = False


def signed_for(authorization: str, target: str, path: str) -> str:
    """Return the service that the headers and the path of a request name, or `s3` if they name none."""
    found = _SCOPE.search(authorization)
    service = found[1] if found else "lambda" if _LAMBDA.match(path) else "s3"
    return "unknown" if target and service == "s3" else service  # S3 has no target


def is_for_registry(authorization: str, path: str) -> bool:
    """Return whether a request is for the registry. Signed ones with such a path are for an AWS API."""
    return path.startswith(_REGISTRY) and not authorization.startswith("AWS4-")


def limit_of_registry(method: str, path: str, *, known: bool) -> Limit:
    """Return the limit of a request to the registry; `known` says whether the client has a password of it."""
    if known and method in ("POST", "PATCH", "PUT") and _UPLOAD.match(path):
        return _of_registry(LAYER_BYTES, "a layer")
    return _of_registry(MANIFEST_BYTES, "a manifest" if _MANIFEST.match(path) else "a request")


def _of_registry(size: int, what: str) -> Limit:
    return Limit(size, "SIZE_INVALID", 413, f"The size of {what} may be at most {size} bytes.", of_registry=True)


def limit_of_function_url() -> Limit:
    """Return the limit of a request to a function URL."""
    return _limit_of_invocation(_INVOKE_BYTES)


def limit_of(service: str, method: str, uri: str, *, asynchronous: bool) -> Limit:
    """Return the limit of a request to an AWS service.

    Args:
        service: its name.
        method: of HTTP.
        uri: path and query.
        asynchronous: whether Lambda's invocation type is Event.
    """
    path, _, query = uri.partition("?")
    if service == "lambda":
        return _limit_of_lambda(path, asynchronous=asynchronous)
    if service != "s3":
        return Limit(_BY_SERVICE.get(service, _OTHERS))
    parameters = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    is_form = method == "POST" and not parameters
    if is_form or (method == "PUT" and all(map(_OBJECT_PARAMETERS.match, parameters))):
        return Limit(_OBJECT_BYTES, "EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
    return Limit(_DOCUMENT_BYTES, "MaxMessageLengthExceeded", 400, "Your request was too big.")


def _limit_of_lambda(path: str, *, asynchronous: bool) -> Limit:
    if _INVOKE.match(path):
        return _limit_of_invocation(_ASYNCHRONOUS_BYTES if asynchronous else _INVOKE_BYTES)
    return _too_large(_CODE_BYTES, "CreateFunction")


def _limit_of_invocation(size: int) -> Limit:
    return _too_large(size, "InvokeFunction")


def _too_large(size: int, operation: str) -> Limit:
    message = f"Request must be smaller than {size} bytes for the {operation} operation"
    return Limit(size, "RequestEntityTooLargeException", 413, message)
