"""Faults in AWS operations called over HTTP: a request is refused before it does anything, or its response is lost."""

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.faults.rules import FAULTS, INJECTED, Rule
from pipeline_emulator.gateway import hooks

# Parameters that name the resource of a request, in the services the pipeline uses.
_NAMES = ("StreamName", "StreamARN", "Bucket", "FunctionName", "QueueUrl", "logGroupName")


def install() -> None:
    """Add one handler before and one after the services."""
    patches.REFUSE_REQUESTS.append(refuse)
    patches.LOSE_ANSWERS.append(lose_answer)
    hooks.sees_requests.subscribe(lambda: FAULTS.active or None)


def refuse(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse the request if an `error` rule strikes.

    Raises:
        CommonServiceException: the rule's error.
    """
    if rule := _strike(context, "error"):
        raise injected(rule)


def lose_answer(_chain: Any, context: RequestContext, response: Response) -> None:
    """Replace the response of a successful request with an error 500 if a `lose-answer` rule strikes."""
    if response.status_code < 300 and _strike(context, "lose-answer"):
        response.status_code = 500
        response.data = b""


def injected(rule: Rule) -> CommonServiceException:
    """Return the error of an `error` rule."""
    return CommonServiceException(rule.code, INJECTED, status_code=rule.status)


def _strike(context: RequestContext, effect: str) -> Rule | None:
    if context.service is None or context.operation is None:
        return None
    request: Any = context.service_request or {}
    resource = " ".join(str(request[name]) for name in _NAMES if request.get(name))
    return FAULTS.strike(f"{context.service.service_name}:{context.operation.name}", effect, resource=resource)
