"""Refuses changes of a function that is being created or updated, which core accepts or half accepts.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html. Both texts are those that users of Terraform and of
the Serverless Framework report.
"""

import functools
from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import LastUpdateStatus, ResourceConflictException, State
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches

_REFUSED = "The operation cannot be performed at this time. "
_PENDING = f"{_REFUSED}The function is currently in the following state: Pending"
_UPDATED = f"{_REFUSED}An update is in progress for resource: {{}}"


@functools.cache
def install() -> None:
    """Patch core, once per process. Call it before other patches of these operations, which check parameters first."""

    @patches.REFUSE_CODE_DURING_UPDATE.wrap
    def update_function_code(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        _check(context, request["FunctionName"])
        return original(self, context, request)

    @patches.REFUSE_CONFIGURATION_DURING_UPDATE.wrap
    def update_function_configuration(
        original: Callable[..., Any], self: Any, context: RequestContext, request: Any
    ) -> Any:
        _check(context, request["FunctionName"])
        return original(self, context, request)

    @patches.REFUSE_VERSION_DURING_UPDATE.wrap
    def publish_version(
        original: Callable[..., Any], self: Any, context: RequestContext, function_name: str, *args: Any, **more: Any
    ) -> Any:
        _check(context, function_name)
        return original(self, context, function_name, *args, **more)


def _check(context: RequestContext, name: str) -> None:
    """Refuse a change of a function that has not finished the last one. Core answers if there is no such function."""
    account, region = api_utils.get_account_and_region(name, context)
    function = lambda_stores[account][region].functions.get(api_utils.get_function_name(name, context))
    if function and (found := conflict(function.latest())):
        raise ResourceConflictException(found, Type="User")


def conflict(latest: Any) -> str | None:
    """Return AWS's message if the latest version of a function cannot be changed now, or None."""
    if latest.config.state and latest.config.state.state == State.Pending:
        return _PENDING
    if latest.config.last_update and latest.config.last_update.status == LastUpdateStatus.InProgress:
        return _UPDATED.format(latest.id.unqualified_arn())
    return None
