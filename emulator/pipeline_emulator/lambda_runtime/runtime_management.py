"""PutRuntimeManagementConfig and GetRuntimeManagementConfig, which core lacks.

The mode is stored and returned, without effect: a runtime here has one version.

https://docs.aws.amazon.com/lambda/latest/api/API_PutRuntimeManagementConfig.html
"""

import functools
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException, ResourceNotFoundException
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.provider import LambdaProvider

from pipeline_emulator import patches

_LATEST = "$LATEST"
_AUTO, _MANUAL = "Auto", "Manual"
# Our words: none are recorded.
_NO_ARN = "RuntimeVersionArn is required with the runtime update mode Manual, and for no other."


@functools.cache
def install() -> None:
    """Patch core, once per process."""
    patches.PUT_RUNTIME_MANAGEMENT.replace(put)
    patches.GET_RUNTIME_MANAGEMENT.replace(get)


def put(
    _provider: LambdaProvider,
    context: RequestContext,
    function_name: str,
    update_runtime_on: str,
    qualifier: str | None = None,
    runtime_version_arn: str | None = None,
    **_request: Any,
) -> dict[str, Any]:
    """Set when a version gets a newer runtime.

    Raises:
        InvalidParameterValueException: the runtime's version is missing, or there is one without the mode Manual.
        ResourceNotFoundException: there is no such function or version.
    """
    function, version = _find(context, function_name, qualifier)
    if bool(runtime_version_arn) != (update_runtime_on == _MANUAL):
        raise InvalidParameterValueException(_NO_ARN, Type="User")
    modes = vars(function).setdefault("runtime_management", {})
    modes[version.id.qualifier] = (update_runtime_on, runtime_version_arn)
    return get(_provider, context, function_name, qualifier)


def get(
    _provider: LambdaProvider, context: RequestContext, function_name: str, qualifier: str | None = None, **_rest: Any
) -> dict[str, Any]:
    """Return when a version gets a newer runtime: automatically, unless another mode was set.

    Raises:
        ResourceNotFoundException: there is no such function or version.
    """
    function, version = _find(context, function_name, qualifier)
    modes = vars(function).get("runtime_management", {})
    mode, runtime = modes.get(version.id.qualifier, (_AUTO, None))
    arn = version.id.qualified_arn() if qualifier else version.id.unqualified_arn()
    return {"UpdateRuntimeOn": mode, "FunctionArn": arn, "RuntimeVersionArn": runtime}


def _find(context: RequestContext, function_name: str, qualifier: str | None) -> tuple[Any, Any]:
    """Return a function and its version."""
    account, region = api_utils.get_account_and_region(function_name, context)
    name, qualifier = api_utils.get_name_and_qualifier(function_name, qualifier, context)
    function = LambdaProvider._get_function(name, account, region)
    version = function.versions.get(qualifier or _LATEST)
    if version is None:
        arn = api_utils.qualified_lambda_arn(name, qualifier, account, region)
        raise ResourceNotFoundException(f"Function not found: {arn}", Type="User")
    return function, version
