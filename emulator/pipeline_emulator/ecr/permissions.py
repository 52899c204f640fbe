"""What a request to the registry needs: the actions that ECR's own proxy asks for on the repository.

"When an image is pushed, the InitiateLayerUpload API is called once per image layer that has not already been
uploaded", and the like of each: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html,
https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
"""

import re
from collections.abc import Iterator

from werkzeug import Request

from pipeline_emulator.authorization import registry_access
from pipeline_emulator.ecr.credentials import Bearer

# A repository's name may hold slashes, and the words too: the last one counts. What follows is a tag, a digest or an
# upload's id, and no ".." with which a client would leave its repository.
PATH = re.compile(
    r"(?P<name>.+)/(?P<kind>manifests|blobs|tags|referrers)/(?P<rest>(?:uploads/)?(?:\w[\w:.+=-]*)?)", re.ASCII
)
_READING = ("GET", "HEAD")


class DeniedError(Exception):
    """The bearer of the password may not; the text is IAM's."""


def require(request: Request, path: str, bearer: Bearer) -> None:
    """Let the bearer of a password do what a request is for; `path` is what follows /v2/.

    Raises:
        DeniedError: who asked for the password may not do it.
        UnknownKeyError: that user or session is no more.
    """
    match = PATH.fullmatch(path)
    for action in _actions(request, match["kind"], match["rest"]) if match else ():
        if denied := registry_access.refusal(*bearer, action, match["name"] if match else "", request):
            raise DeniedError(denied)


def may_read(request: Request, name: str, bearer: Bearer) -> bool:
    """Tell whether the bearer may take layers of another repository over."""
    return registry_access.allows(*bearer, "GetDownloadUrlForLayer", name, request)


def _actions(request: Request, kind: str, rest: str) -> Iterator[str]:
    """Yield what is needed; nothing for what the registry does not serve."""
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
    """Yield what a step of an upload needs; the first and the last may bring content, too.

    AWS documents no registry requests; who looks after an upload or gives it up may also go on with it.
    """
    begins, ends = request.method == "POST", request.method == "PUT" or "digest" in request.args
    if begins:
        yield "InitiateLayerUpload"
    has_content = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if not (begins or ends) or (ends and has_content):
        yield "UploadLayerPart"
    if ends:
        yield "CompleteLayerUpload"
