"""Serves the part of the registry that belongs to the client's account and region."""

import json
from typing import NamedTuple

from localstack.http import Response
from werkzeug import Request

from pipeline_emulator.ecr import registry_client
from pipeline_emulator.ecr.credentials import Bearer
from pipeline_emulator.ecr.errors import RepositoryNotFoundError
from pipeline_emulator.ecr.images import put_manifest
from pipeline_emulator.ecr.permissions import PATH, may_read
from pipeline_emulator.ecr.relay import Names, relay, relayed
from pipeline_emulator.ecr.repositories import Repository, find_repository
from pipeline_emulator.ecr.responses import error_response, json_response
from pipeline_emulator.ecr.upload_sizes import is_too_large
from pipeline_emulator.gateway.body_limits import LAYER_BYTES


class _Target(NamedTuple):
    """The repository and resource that a request's path names."""

    repository: Repository
    kind: str
    rest: str

    @property
    def names(self) -> Names:
        return Names(self.repository.name, self.repository.content.registry_name)

    @property
    def path(self) -> str:
        return f"/v2/{self.names.internal}/{self.kind}/{self.rest}"


def serve(request: Request, path: str, bearer: Bearer) -> Response:
    """Respond to an authenticated and authorized request.

    Args:
        request: the client's request.
        path: the part after /v2/.
        bearer: the owner of the password.

    Raises:
        RepositoryNotFoundError, TagIsImmutableError, RegistryUnavailableError: the request is refused.
    """
    if not path:
        return json_response(registry_client.fetch("GET", "/v2/").status, {})  # needs no password
    match = PATH.fullmatch(path)
    if match is None:
        return error_response(404, "UNSUPPORTED", f"/v2/{path} is not available: use the AWS API to list repositories")
    target = _Target(find_repository(bearer.scope, match["name"]), match["kind"], match["rest"])
    if target.kind == "tags":
        return _list_tags(request, target)
    if target.kind == "manifests" and request.method == "PUT":
        return _put_manifest(request, target)
    if request.method == "DELETE" and not target.rest.startswith("uploads/"):
        return error_response(405, "UNSUPPORTED", "Delete images with BatchDeleteImage of the AWS API")
    if is_too_large(request, target.path):
        return error_response(413, "SIZE_INVALID", f"The size of a layer may be at most {LAYER_BYTES} bytes.")
    mount = _mount(request, bearer) if request.method == "POST" else None
    answer = relay(request, target.path, target.names, mount)
    if target.kind == "manifests" and answer.status_code == 404:
        return error_response(404, "MANIFEST_UNKNOWN", "Requested image not found")  # ECR's text
    return answer


def _put_manifest(request: Request, target: _Target) -> Response:
    answer = put_manifest(
        target.repository, target.rest, request.stream.read(), request.headers.get("Content-Type", "")
    )
    return relayed(answer, target.names)


def _list_tags(request: Request, target: _Target) -> Response:
    query = request.query_string.decode()
    answer = registry_client.fetch("GET", target.path + (f"?{query}" if query else ""))
    if answer.status == 404:  # the registry does not know a repository before its first push
        return json_response(200, {"name": target.names.public, "tags": []})
    if answer.status == 200:
        content = {"name": target.names.public, "tags": json.loads(answer.data).get("tags") or []}
        answer = answer._replace(data=json.dumps(content).encode())
    return relayed(answer, target.names)


def _mount(request: Request, bearer: Bearer) -> dict[str, str] | None:
    """Return the query of an upload that mounts a blob from another repository.

    None keeps the client's query. An empty query starts an ordinary upload, if the client may not see the source.
    """
    source = request.args.get("from")
    if source is None:
        return None
    if not may_read(request, source, bearer):
        return {}
    try:
        internal = find_repository(bearer.scope, source).content.registry_name
    except RepositoryNotFoundError:
        return {}
    return {"mount": request.args.get("mount", ""), "from": internal}
