"""Maps registry requests to the ECR actions that they require on the repository.

"When an image is pushed, the InitiateLayerUpload API is called once per image layer that has not already been
uploaded", and so on: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html,
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
"""

import re
from collections.abc import Iterator

from werkzeug import Request

from pipeline_emulator.authorization import registry_access
from pipeline_emulator.ecr.credentials import Bearer

# A repository's name may contain slashes and even these words, so the last occurrence counts. A tag, a digest or an
# upload's id follows, and never "..", with which a client could leave its repository.
PATH = re.compile(
    r"(?P<name>.+)/(?P<kind>manifests|blobs|tags|referrers)/(?P<rest>(?:uploads/)?(?:\w[\w:.+=-]*)?)", re.ASCII
)
_READING = ("GET", "HEAD")


class DeniedError(Exception):
    """The password's bearer lacks a permission; the message is IAM's."""


def require(request: Request, path: str, bearer: Bearer) -> None:
    """Check that the bearer of a password may make a request. `path` is the part after /v2/.

    Raises:
        DeniedError: the user or session that requested the password lacks the permission.
        UnknownKeyError: that user or session no longer exists.
    """
    match = PATH.fullmatch(path)
    for action in _actions(request, match["kind"], match["rest"]) if match else ():
        if denied := registry_access.refusal(*bearer, action, match["name"] if match else "", request):
            raise DeniedError(denied)


def may_read(request: Request, name: str, bearer: Bearer) -> bool:
    """Return whether the bearer may mount layers of another repository."""
    return registry_access.allows(*bearer, "GetDownloadUrlForLayer", name, request)


def _actions(request: Request, kind: str, rest: str) -> Iterator[str]:
    """Yield the required actions; none for requests that the registry does not serve."""
    method = request.method
    match kind:
        case "manifests" if method == "PUT":
            yield "PutImage"
        case "manifests" if method in _READING:
            yield "BatchGetImage"
        case "tags":
            yield "ListImages"
        case "referrers":
            yield "ListImageReferrers"
        case "blobs" if rest.partition("/")[0] == "uploads":
            yield from _of_upload(request)
        case "blobs" if method == "HEAD":
            yield "BatchCheckLayerAvailability"
        case "blobs" if method == "GET":
            yield "GetDownloadUrlForLayer"


def _of_upload(request: Request) -> Iterator[str]:
    """Yield the actions of one step of an upload. The first and the last step may also carry content.

    AWS does not document registry requests. Querying or cancelling an upload requires the same action as continuing it.
    """
    begins, ends = request.method == "POST", request.method == "PUT" or "digest" in request.args
    if begins:
        yield "InitiateLayerUpload"
    has_content = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if not (begins or ends) or (ends and has_content):
        yield "UploadLayerPart"
    if ends:
        yield "CompleteLayerUpload"
