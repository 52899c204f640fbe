"""The registry's HTTP API on LocalStack's gateway.

Core consults this router before it looks for an AWS service. No bucket can be named "v2" (S3 requires three
characters), and signed requests, which are for an AWS API with such a path, go on to the services.
"""

import logging
from urllib.parse import unquote

from localstack.http import Response
from localstack.services.edge import ROUTER
from werkzeug import Request
from werkzeug.datastructures import Authorization
from werkzeug.exceptions import NotFound

from pipeline_emulator.authorization.callers import UnknownKeyError
from pipeline_emulator.ecr import permissions
from pipeline_emulator.ecr.credentials import PASSWORDS, USER, Bearer
from pipeline_emulator.ecr.errors import RegistryUnavailableError, RepositoryNotFoundError, TagIsImmutableError
from pipeline_emulator.ecr.permissions import DeniedError
from pipeline_emulator.ecr.proxy import serve
from pipeline_emulator.ecr.repositories import place
from pipeline_emulator.ecr.responses import error_response, unauthorized
from pipeline_emulator.gateway import hooks, large_bodies

LOG = logging.getLogger(__name__)


def install() -> None:
    """Add the paths to the gateway's router."""
    hooks.may_push.subscribe(lambda header: _bearer(Authorization.from_header(header)) is not None)
    ROUTER.add("/v2/", endpoint=handle)
    ROUTER.add("/v2/<path:path>", endpoint=handle)


def handle(request: Request, path: str = "") -> Response:
    """Respond to a container client; errors have the registry's format."""
    authorization = request.headers.get("Authorization", "")
    if authorization.startswith("AWS4-"):
        raise NotFound
    _ = request.stream  # access it now: a shallow request refuses it
    request.shallow = True  # keeps core's logger from reading a refused layer into memory
    bearer, path = _bearer(request.authorization), unquote(path)  # core's router does not decode it
    if bearer is None:
        return unauthorized(request.host)
    try:
        if limit := large_bodies.exceeded(request):
            return error_response(limit.status, limit.code, limit.message)
        permissions.require(request, path, bearer)
        return serve(request, path, bearer)
    except UnknownKeyError:
        return unauthorized(request.host)
    except DeniedError as error:
        return error_response(403, "DENIED", str(error))
    except RepositoryNotFoundError as error:
        return error_response(404, "NAME_UNKNOWN", f"{error.message} {place(bearer.scope, error.name)}")
    except TagIsImmutableError as error:
        return error_response(400, "TAG_INVALID", error.message)
    except RegistryUnavailableError as error:
        LOG.warning("%s %s: %s", request.method, request.path, error.message)  # engines show the status only
        return error_response(503, "UNAVAILABLE", error.message)


def _bearer(basic: Authorization | None) -> Bearer | None:
    if basic is None or basic.type != "basic" or basic.username != USER:
        return None
    return PASSWORDS.bearer_of(basic.password or "")
