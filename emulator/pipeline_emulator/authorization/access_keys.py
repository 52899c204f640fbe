"""Reads the client's access key, or the calling service, from core's request context."""

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from werkzeug import Request

from pipeline_emulator.authorization.internal_calls import CLIENT

_VERIFIED = "pipeline_emulator.access_key"
"""Where the WSGI environment has the key of the signature that was verified; None if nobody signed."""


def remember(request: Request, key: str | None) -> None:
    """Keep the key of a request's signature: nothing else in the request says who sent it."""
    request.environ[_VERIFIED] = key


def is_signed(request: Request) -> bool:
    """Return whether a client signed a request: core adds a header to those without."""
    return request.environ.get(_VERIFIED) is not None


def access_key(context: RequestContext) -> str | None:
    """Return the access key that signed a request; the one that it names if no signature has been looked at."""
    environ: dict[str, Any] = context.request.environ
    if _VERIFIED in environ:
        found: str | None = environ[_VERIFIED]
        return found
    if context.request.query_string:  # few requests have a query, and parsing it is slow
        arguments = context.request.args
        if presigned := arguments.get("X-Amz-Credential"):
            return presigned.partition("/")[0]
        if "Signature" in arguments and (key := arguments.get("AWSAccessKeyId")):
            return key
    return extract_access_key_id_from_auth_header(context.request.headers)  # type: ignore[arg-type]


def service_principal(context: RequestContext) -> str | None:
    """Return the LocalStack service on whose behalf a request is made, such as `lambda`."""
    internal: Any = context.internal_request_params or {}
    found: str | None = internal.get("service_principal")
    return found


def source_arn(context: RequestContext) -> str | None:
    """Return the ARN of the resource for which a LocalStack service makes a request, such as a bucket's."""
    internal: Any = context.internal_request_params or {}
    found: str | None = internal.get("source_arn")
    return found


def client_of(context: RequestContext) -> Mapping[str, str | None]:
    """Return what conditions ask about the client for whom LocalStack sends a request on; empty for other requests."""
    internal: Any = context.internal_request_params or {}
    return internal.get(CLIENT) or {}
