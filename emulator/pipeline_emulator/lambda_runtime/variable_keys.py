"""Keeps the KMS key of a function's environment variables, which core drops.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html. The key is kept with the variables:
a published version keeps both.
"""

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches


class Variables(dict[str, str]):
    """Environment variables with the ARN of their key."""

    def __init__(self, variables: Mapping[str, str], key: str) -> None:
        """Keep the key with the variables."""
        super().__init__(variables)
        self.key = key


def install() -> None:
    """Keep a function's key when it is created or changed, and report it."""

    @patches.KEEP_KEY_OF_NEW_FUNCTION.wrap
    def create_function(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        return original(self, context, _with_key(request, None))

    @patches.KEEP_KEY_OF_CHANGED_FUNCTION.wrap
    def update_function_configuration(
        original: Callable[..., Any], self: Any, context: RequestContext, request: Any
    ) -> Any:
        return original(self, context, _with_key(request, _present(context, request)))

    @patches.REPORT_KEY.wrap
    def map_config_out(original: Callable[..., Any], version: Any, *args: Any, **rest: Any) -> Any:
        described, variables = original(version, *args, **rest), version.config.environment
        if key := key_of(variables):
            described["KMSKeyArn"] = key
            if not variables:
                del described["Environment"]
        return described


def key_of(variables: Mapping[str, str] | None) -> str | None:
    """Return the ARN of the key of a function's variables; None if Lambda encrypts them with a key of its own."""
    return variables.key if isinstance(variables, Variables) else None


def _with_key(request: Any, present: Mapping[str, str] | None) -> Any:
    """Return a request whose variables have the new key, or the one that the present variables have."""
    key = request.get("KMSKeyArn")
    if key is None:
        key = key_of(present)
    if key is None:
        return request
    new = (request.get("Environment") or {}).get("Variables")
    new = present if new is None else new
    variables = Variables(new or {}, key) if key else dict(new or {})  # an empty key removes the function's
    return {**request, "Environment": {"Variables": variables}}


def _present(context: RequestContext, request: Any) -> Mapping[str, str] | None:
    """Return a function's variables; None if it has none, or does not exist: core reports that."""
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    function = lambda_stores[account][region].functions.get(name)
    variables: Mapping[str, str] | None = function.latest().config.environment if function else None
    return variables
