"""What a function's configuration must satisfy, and a version's deletion, where core checks nothing.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html has the reserved variables.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.lambda_ import (
    InvalidParameterValueException,
    LogFormat,
    PackageType,
    ResourceConflictException,
)
from localstack.services.lambda_ import api_utils
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.runtimes import DEPRECATED_RUNTIMES

from pipeline_emulator import patches
from pipeline_emulator.lambda_runtime import destinations

_RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}
_STORAGE_MB = (512, 10_240)
# https://github.com/pipe-cd/pipecd/pull/1401 and https://github.com/aws/aws-cdk/pull/28045 have the texts.
_NO_HANDLER = "Runtime and Handler are mandatory parameters for functions created with deployment packages."
NO_CODE = "Please provide a source for function code."
_LEVEL_OF_TEXT = (
    'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the'
    ' LogFormat to "Json" and try again.'
)
_RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.CHECK_NEW_FUNCTION.wrap
    def create_function(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        check(request)
        check_new(request)
        _check_context(context, request)
        return original(self, context, request)

    @patches.CHECK_CHANGED_FUNCTION.wrap
    def update_function_configuration(
        original: Callable[..., Any], self: Any, context: RequestContext, request: Any
    ) -> Any:
        check(request)
        _check_context(context, request)
        if request.get("Runtime"):
            self._validate_runtime(PackageType.Zip, request["Runtime"])
        return original(self, context, request)

    @patches.CHECK_RUNTIME.wrap
    def _validate_runtime(original: Callable[..., None], self: Any, package_type: str, runtime: str | None) -> None:
        if package_type == PackageType.Zip and runtime in DEPRECATED_RUNTIMES:
            self._check_for_recomended_migration_target(runtime)  # raises AWS's error
        original(self, package_type, runtime)

    @patches.CHECK_DELETED_VERSION.wrap
    def delete_function(
        original: Callable[..., Any], self: Any, context: RequestContext, function_name: str, *more: Any, **rest: Any
    ) -> Any:
        _check_aliases(context, function_name, more[0] if more else rest.get("qualifier"))
        return original(self, context, function_name, *more, **rest)


def check(request: Mapping[str, Any]) -> None:
    """Check a request to create or change a function.

    Raises:
        CommonServiceException: ValidationException, a number is out of its range.
        InvalidParameterValueException: a variable is reserved.
    """
    if problems := list(_out_of_range(request)):
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected"
        raise CommonServiceException("ValidationException", f"{count}: {'; '.join(problems)}", sender_fault=True)
    variables = (request.get("Environment") or {}).get("Variables") or {}
    if reserved := sorted(_RESERVED.intersection(variables)):
        raise InvalidParameterValueException(
            "Lambda was unable to configure your environment variables because the environment variables you have"
            " provided contains reserved keys that are currently not supported for modification. Reserved keys used in"
            f" this request: {', '.join(reserved)}",
            Type="User",
        )


def _check_context(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Check what depends on the function's region and on its present configuration.

    Raises:
        InvalidParameterValueException: a level is for the log format Text, or the dead-letter queue is unusable.
    """
    logging = request.get("LoggingConfig") or {}
    log_format = logging.get("LogFormat") or _log_format(context, request)
    if log_format == LogFormat.Text and logging.keys() & {"ApplicationLogLevel", "SystemLogLevel"}:
        raise InvalidParameterValueException(_LEVEL_OF_TEXT, Type="User")
    target = (request.get("DeadLetterConfig") or {}).get("TargetArn")
    if target and (found := destinations.dead_letter_problem(target, context.region)):
        raise InvalidParameterValueException(found, Type="User")


def _log_format(context: RequestContext, request: Mapping[str, Any]) -> str:
    """Return the log format of a function, which is Text for a new one."""
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    function = lambda_stores[account][region].functions.get(name)
    return str(function.latest().config.logging_config["LogFormat"] if function else LogFormat.Text)


def check_new(request: Mapping[str, Any]) -> None:
    """Check a request to create a function for what changes may leave out.

    Raises:
        InvalidParameterValueException: the handler, the runtime or the code is missing.
    """
    if request.get("PackageType") != PackageType.Image and not (request.get("Runtime") and request.get("Handler")):
        raise InvalidParameterValueException(_NO_HANDLER, Type="User")
    if not any((request.get("Code") or {}).get(name) for name in ("ZipFile", "S3Bucket", "ImageUri")):
        raise InvalidParameterValueException(NO_CODE, Type="User")


def _out_of_range(request: Mapping[str, Any]) -> Iterator[str]:
    values = [(name, request.get(name), *limits) for name, limits in _RANGES.items()]
    storage = (request.get("EphemeralStorage") or {}).get("Size")
    for name, value, least, most in [*values, ("EphemeralStorage.Size", storage, *_STORAGE_MB)]:
        if value is None or least <= value <= most:
            continue
        path = ".".join(part[0].lower() + part[1:] for part in name.split("."))
        bound = f"greater than or equal to {least}" if value < least else f"less than or equal to {most}"
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value {bound}"


def _check_aliases(context: RequestContext, function_name: str, qualifier: str | None) -> None:
    """Refuse the deletion of a version that an alias references."""
    account, region = api_utils.get_account_and_region(function_name, context)
    name, version = api_utils.get_name_and_qualifier(function_name, qualifier, context)
    function = lambda_stores[account][region].functions.get(name)
    if function is None or not version:
        return
    using = [
        alias.name
        for alias in list(function.aliases.values())
        if version == alias.function_version
        or (alias.routing_configuration and version in alias.routing_configuration.version_weights)
    ]
    if using:  # AWS's own words are not known
        raise ResourceConflictException(f"Version {version} is used by the aliases {', '.join(using)}", Type="User")
