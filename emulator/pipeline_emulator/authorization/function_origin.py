"""Keeps functions from acting as the root user: requests from an execution environment are its role's, or refused.

Any secret goes with the local root key `test`, so a function could otherwise do what its role does not allow. The same
goes for LocalStack's own HTTP interfaces, which need no key, and for its header for requests between its services.
"""

import os
from typing import Any

from localstack.aws.api import RequestContext
from localstack.constants import INTERNAL_RESOURCE_PATH
from localstack.http import Response
from werkzeug import Request

from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.gateway import connections
from pipeline_emulator.iam.decision import Decision, Reason
from pipeline_emulator.iam.principals import Kind
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS

VARIABLE = "LAMBDA_ROOT_ACCESS"
_INTERFACES = (INTERNAL_RESOURCE_PATH, "/_pipeline", "/_aws", "/_extension")
_HARMLESS = frozenset((method, f"{INTERNAL_RESOURCE_PATH}/health") for method in ("GET", "HEAD"))
_INTERNAL_HEADER = "x-localstack-data"
_WHY = (
    "a request from a function's execution environment must be signed with the credentials of its role, not with the"
    f" root user's or none ({VARIABLE}=1 allows it)"
)


def enabled() -> bool:
    """Return whether functions are kept from root."""
    return os.environ.get(VARIABLE, "").strip().lower() not in ("1", "true")


def refusal(caller: Caller | None, context: RequestContext, service: str) -> Decision | None:
    """Return the decision that refuses a function's request without a caller of IAM's, or None."""
    assert context.operation is not None
    if _is_of_iam(caller) or context.is_internal_call or not _is_from_function(context):
        return None
    return _refused(context.account_id, f"{service}:{context.operation.name}")


def refusal_by_route(caller: Caller | None, request: Request, account: str, action: str) -> Decision | None:
    """Return the decision that refuses a function's request outside the handler chain, like `refusal`, or None."""
    if _is_of_iam(caller) or not enabled() or not connections.remembered(request.environ, ENVIRONMENTS.made):
        return None
    return _refused(account, action)


def _is_of_iam(caller: Caller | None) -> bool:
    """Return whether a policy decides about a caller. Anybody can make up the token of an identity provider."""
    return caller is not None and caller.principal.kind is not Kind.PROVIDER


def _refused(account: str, action: str) -> Decision:
    return Decision(
        reason=Reason.EXPLICIT_DENY,
        principal=f"arn:aws:iam::{account}:root",
        action=action,
        resource="*",
        notes=(_WHY,),
    )


def refuse_interfaces(chain: Any, context: RequestContext, response: Response) -> None:
    """Refuse a function's requests to the emulator's own HTTP interfaces. A handler in the gateway's chain."""
    path, headers = f"/{context.request.path.lstrip('/')}", context.request.headers
    to_interface = path.startswith(_INTERFACES) and (context.request.method, path) not in _HARMLESS
    claims_to_be_internal = _INTERNAL_HEADER in headers and not context.is_internal_call
    if (to_interface or claims_to_be_internal) and _is_from_function(context):
        response.status_code = 403
        response.set_json(
            {"message": f"functions may not use {path if to_interface else _INTERNAL_HEADER} ({VARIABLE}=1 allows it)"}
        )
        chain.stop()


def _is_from_function(context: RequestContext) -> bool:
    return connections.remembered(context.request.environ, ENVIRONMENTS.made)
