"""Reads the client's access key, or the calling service, from core's request context."""

from typing import Any

from localstack.aws.api import RequestContext
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header


def access_key(context: RequestContext) -> str | None:
    """Return the access key that signed a request, from its header or from the query of a presigned URL."""
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
