"""Function URLs in the Lambda API: addresses that the client reaches, and permissions.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from localstack.aws.api.lambda_ import InvalidParameterValueException, InvokeMode

from pipeline_emulator import patches
from pipeline_emulator.function_urls import addresses

_INVOKE = "lambda:InvokeFunction"
# Whether the statement that this thread adds to a policy is for invocations by URL only.
_via_url: ContextVar[bool] = ContextVar("via_url", default=False)


def install() -> None:
    """Patch core's provider before it is created."""
    patches.CREATE_URL.wrap(_created)
    patches.UPDATE_URL.wrap(_complete_answer)
    patches.GET_URL.wrap(_complete_description)
    patches.LIST_URLS.wrap(_complete_list)

    @patches.VALIDATE_INVOKE_MODE.wrap
    def validate_invoke_mode(original: Callable[..., None], _self: Any, invoke_mode: str | None) -> None:
        """Do not warn that streams are not supported."""
        if invoke_mode != InvokeMode.RESPONSE_STREAM:
            original(invoke_mode)

    @patches.ADD_PERMISSION.wrap
    def add_permission(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        via_url = bool(request.get("InvokedViaFunctionUrl"))
        if via_url and request["Action"] != _INVOKE:
            text = f"InvokedViaFunctionUrl is only supported with the action {_INVOKE}."
            raise InvalidParameterValueException(text, Type="User")
        token = _via_url.set(via_url)
        try:
            return original(self, context, request)
        finally:
            _via_url.reset(token)

    @patches.BUILD_STATEMENT.wrap
    def build_statement(original: Callable[..., dict[str, Any]], *args: Any, **kwargs: Any) -> dict[str, Any]:
        statement = original(*args, **kwargs)
        if _via_url.get():
            conditions = statement.setdefault("Condition", {})
            conditions.setdefault("Bool", {})["lambda:InvokedViaFunctionUrl"] = "true"
        return statement


def _created(original: Callable[..., Any], self: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
    config = _complete_answer(original, self, context, *args, **kwargs)
    addresses.issue(config["FunctionUrl"])
    return config


def _complete_answer(original: Callable[..., Any], self: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
    return _complete(original(self, context, *args, **kwargs), context)


def _complete_description(original: Callable[..., Any], self: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
    return _with_mode(_complete(original(self, context, *args, **kwargs), context))


def _complete_list(original: Callable[..., Any], self: Any, context: Any, *args: Any, **kwargs: Any) -> Any:
    answer = original(self, context, *args, **kwargs)
    configs = [_with_mode(_complete(each, context)) for each in answer["FunctionUrlConfigs"]]
    return {**answer, "FunctionUrlConfigs": configs}


def _complete(config: Any, context: Any) -> dict[str, Any]:
    """Return a configuration with its URL for this client, and without an empty Cors."""
    url_id = config["FunctionUrl"].partition("://")[2].partition(".")[0]
    completed = {**config, "FunctionUrl": addresses.url_of(url_id, config["FunctionArn"], context.request)}
    return {name: value for name, value in completed.items() if name != "Cors" or value}


def _with_mode(config: dict[str, Any]) -> dict[str, Any]:
    """Add the default of InvokeMode. AWS only leaves it out where a URL is created or changed."""
    return {**config, "InvokeMode": config.get("InvokeMode") or InvokeMode.BUFFERED}
