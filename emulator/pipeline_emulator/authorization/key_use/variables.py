"""Keeps a function's environment variables from callers who may not decrypt them.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html. They get the rest of the function's
configuration, and an error in the variables' place:
https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentResponse.html
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from pipeline_emulator import patches
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.key_use import authorize
from pipeline_emulator.authorization.key_use.functions import context_of
from pipeline_emulator.authorization.key_use.use import Use
from pipeline_emulator.authorization.keys import Keys
from pipeline_emulator.lambda_runtime.variable_keys import key_of

CALLER: ContextVar[Caller | None] = ContextVar("caller_of_lambda", default=None)
"""The caller of the request that this thread serves; None for the root user."""


def install(authorizer: Authorizer) -> None:
    """Ask for the key wherever Lambda describes a function."""

    @patches.WITHHOLD_VARIABLES.wrap
    def map_config_out(original: Callable[..., Any], version: Any, *args: Any, **rest: Any) -> Any:
        described = original(version, *args, **rest)
        caller = CALLER.get()
        if caller and described.get("Environment") and (error := _error(version, caller, authorizer)):
            described["Environment"] = {"Error": error}
        return described


def _error(version: Any, caller: Caller, authorizer: Authorizer) -> dict[str, str] | None:
    key, function = key_of(version.config.environment), version.id
    if key is None:
        return None
    use = Use("Decrypt", key, context_of(function.unqualified_arn()))
    found = authorize.error([use], "lambda", Keys(function.account, function.region), caller, authorizer)
    if found is None:
        return None
    code, why = found
    text = "Lambda was unable to decrypt the environment variables because KMS access was denied."
    return {"ErrorCode": code, "Message": f"{text} KMS Exception: {code} KMS Message: {why}"}
