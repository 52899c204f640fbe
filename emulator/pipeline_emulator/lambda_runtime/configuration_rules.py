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
# https://github.com/pulumi/pulumi-aws/issues/5439
_OF_ZIPS = "Please don't provide Handler or Runtime or Layer when the intended function PackageType is Image."
# https://github.com/aws-cloudformation/cfn-lint/pull/4408
_NO_VPC = "Function must be configured to execute in a VPC to reference access point {}"
# What AWS answers where it has no such functions, which is better than to drop a setting on which code relies:
# https://github.com/fujiwara/lambroll/pull/547, https://github.com/aws/aws-lambda-dotnet/issues/2418
_NO_TENANTS = "Tenancy configuration is not supported for this account in the {} Region."
_NOT_DURABLE = "You cannot use a managed runtime that does not support a durable configuration"
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
        _check_unsupported(context, request)
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
        return original(self, context, _as_read_by_aws(context, request))

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


def _as_read_by_aws(context: RequestContext, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request to change a function with what core would read otherwise written out.

    An Environment without Variables changes nothing, and a LoggingConfig without a LogGroup means the default group, as
    https://github.com/go-to-k/cdkd/pull/1161 found on AWS.
    """
    changed = dict(request)
    if changed.get("Environment") is not None and changed["Environment"].get("Variables") is None:
        del changed["Environment"]
    if logging := changed.get("LoggingConfig"):
        group = f"/aws/lambda/{api_utils.get_function_name(request['FunctionName'], context)}"
        changed["LoggingConfig"] = {"LogGroup": group, **logging}
    return changed


def _log_format(context: RequestContext, request: Mapping[str, Any]) -> str:
    """Return the log format of a function, which is Text for a new one."""
    account, region = api_utils.get_account_and_region(request["FunctionName"], context)
    name, _ = api_utils.get_name_and_qualifier(request["FunctionName"], None, context)
    function = lambda_stores[account][region].functions.get(name)
    return str(function.latest().config.logging_config["LogFormat"] if function else LogFormat.Text)


def check_new(request: Mapping[str, Any]) -> None:
    """Check a request to create a function for what changes may leave out, and what belongs to another package type.

    Raises:
        InvalidParameterValueException: the handler, the runtime or the code is missing, or is not for this type.
    """
    is_image = request.get("PackageType") == PackageType.Image
    if is_image and any(request.get(name) for name in ("Handler", "Runtime", "Layers")):
        raise InvalidParameterValueException(_OF_ZIPS, Type="User")
    if not is_image and not (request.get("Runtime") and request.get("Handler")):
        raise InvalidParameterValueException(_NO_HANDLER, Type="User")
    sources = ("ImageUri",) if is_image else ("ZipFile", "S3Bucket")
    if not any((request.get("Code") or {}).get(name) for name in sources):
        raise InvalidParameterValueException(NO_CODE, Type="User")
    systems = request.get("FileSystemConfigs") or ()
    if systems and not (request.get("VpcConfig") or {}).get("SubnetIds"):
        raise InvalidParameterValueException(_NO_VPC.format(systems[0].get("Arn")), Type="User")


def _check_unsupported(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Refuse what neither core nor the emulator has.

    Raises:
        InvalidParameterValueException: the function would be durable, or isolate tenants.
    """
    if request.get("TenancyConfig"):
        raise InvalidParameterValueException(_NO_TENANTS.format(context.region), Type="User")
    if request.get("DurableConfig"):
        raise InvalidParameterValueException(_NOT_DURABLE, Type="User")


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
    if using:
        # https://github.com/alexcasalboni/aws-lambda-power-tuning/issues/124
        text = f"Unable to delete version because the following aliases reference it: [{', '.join(using)}]"
        raise ResourceConflictException(text, Type="User")
