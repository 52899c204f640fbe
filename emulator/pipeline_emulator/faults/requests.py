"""Faults of any AWS operation that is called over HTTP: refused before it does anything, or its answer lost."""

from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.faults.rules import FAULTS, INJECTED, Rule

# What names the resource of a request, in the services the pipeline uses.
_NAMES = ("StreamName", "StreamARN", "Bucket", "FunctionName", "QueueUrl", "logGroupName")


def install() -> None:
    """Add a handler before and one after the services'."""
    patches.REFUSE_REQUESTS.append(refuse)
    patches.LOSE_ANSWERS.append(lose_answer)


def refuse(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse the request.

    Raises:
        CommonServiceException: the error of a rule.
    """
    if rule := _strike(context, "error"):
        raise injected(rule)


def lose_answer(_chain: Any, context: RequestContext, response: Response) -> None:
    """Let the caller believe that a request has failed which was carried out."""
    if response.status_code < 300 and _strike(context, "lose-answer"):
        response.status_code = 500
        response.data = b""


def injected(rule: Rule) -> CommonServiceException:
    """Return the error that an `error` rule asks for."""
    return CommonServiceException(rule.code, INJECTED, status_code=rule.status)


def _strike(context: RequestContext, effect: str) -> Rule | None:
    if context.service is None or context.operation is None:
        return None
    request: Any = context.service_request or {}
    resource = " ".join(str(request[name]) for name in _NAMES if request.get(name))
    return FAULTS.strike(f"{context.service.service_name}:{context.operation.name}", effect, resource=resource)
