"""Checks the requests that create or update mappings, of Kinesis streams and of core's sources."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException, ResourceInUseException
from localstack.aws.api.sqs import QueueAttributeName
from localstack.services.lambda_.api_utils import function_locators_from_arn
from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState
from localstack.services.lambda_.invocation.models import lambda_stores
from localstack.services.lambda_.provider_utils import get_function_version_from_arn
from localstack.services.sqs.models import sqs_stores

from pipeline_emulator import patches
from pipeline_emulator.arn import parse_arn
from pipeline_emulator.event_source import request_rules
from pipeline_emulator.kinesis.provider.validation import RequestValidator
from pipeline_emulator.kinesis.streams.errors import StreamError, ValidationError
from pipeline_emulator.kinesis.streams.identity import split_arn
from pipeline_emulator.services import provider

# Core checks these, with the texts that were recorded on AWS.
_CHECKED_BY_CORE = frozenset({"FunctionName", "StartingPosition"})
# What is left of such a setting without this content is no setting.
_EMPTIED = {"FilterCriteria": "Filters", "MetricsConfig": "Metrics", "ScalingConfig": "MaximumConcurrency"}
_CHANGING = (EsmState.CREATING, EsmState.UPDATING)
_validator = RequestValidator(left_out=_CHECKED_BY_CORE)


def install() -> None:
    """Check requests as AWS does."""

    @patches.CREATE_MAPPING.wrap
    def create_event_source_mapping(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        _require_ranges(context, request)
        _require_destination(request)
        return original(self, context, request)

    @patches.UPDATE_MAPPING.wrap
    def update_event_source_mapping(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        _require_ranges(context, request)
        _require_destination(request)
        _require_rest(self, request["UUID"], "update")
        return original(self, context, request)

    @patches.DELETE_MAPPING.wrap
    def delete_event_source_mapping(
        original: Callable[..., Any], self: Any, context: Any, uuid: str, **more: Any
    ) -> Any:
        _require_rest(self, uuid, "delete")
        return original(self, context, uuid, **more)

    @patches.VALIDATE_MAPPING.wrap
    def validate_event_source_mapping(original: Callable[..., Any], self: Any, context: Any, request: Any) -> Any:
        """Check a request to create, or a configuration with an update's changes, which core stores afterwards."""
        _remove_empty(request)
        if found := request_rules.problem(request, datetime.now(UTC), context.region):
            raise InvalidParameterValueException(found, Type="User")
        _require_function(request.get("FunctionName") or request["FunctionArn"], context, request)
        return original(self, context, request)

    @patches.CHECK_SOURCE.wrap
    def check_service_resource_exists(
        original: Callable[..., Any], self: Any, service: str, resource_arn: str, *args: Any
    ) -> None:
        """Find consumers, too, and refuse a source that cannot be described, for whatever reason."""
        try:
            if service == "kinesis":
                _require_stream(resource_arn)
            else:
                original(self, service, resource_arn, *args)
            if service == "sqs":
                _require_visibility(resource_arn, args[0])
        except ClientError as error:
            raise InvalidParameterValueException(str(error), Type="User") from error


def _require_rest(provider: Any, uuid: str, change: str) -> None:
    """Refuse to change a mapping that is being created or updated.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html, ResourceInUseException
    """
    worker = provider.esm_workers.get(uuid)
    if worker is not None and worker.current_state in _CHANGING:
        raise ResourceInUseException(f"Cannot {change} the event source mapping because it is in use.", Type="User")


def _require_destination(request: Any) -> None:
    """Refuse an OnFailure without a destination, although AWS shows a mapping that has none so.

    Clients that send back what they have read get this error: https://github.com/aws-controllers-k8s/community/issues/2865.
    """
    failure = (request.get("DestinationConfig") or {}).get("OnFailure")
    if failure is not None and failure.get("Destination") is None:
        raise InvalidParameterValueException(
            "The Destination field is required for an OnFailure configuration.", Type="User"
        )


def _remove_empty(mapping: Any) -> None:
    """Remove settings without content from a configuration: clients remove a setting by sending an empty one.

    A stream's mapping without a destination shows an empty one, whether it had one before or not.
    """
    for name, content in _EMPTIED.items():
        if not (mapping.get(name) or {}).get(content):
            mapping.pop(name, None)
    if mapping.get("KMSKeyArn") == "":
        del mapping["KMSKeyArn"]
    if mapping.get("DestinationConfig") == {} and mapping.get("StartingPosition"):
        mapping["DestinationConfig"] = {"OnFailure": {}}


def _require_function(named: str, context: RequestContext, mapping: Any) -> None:
    """Check that a version or an alias of an existing function exists, and may run as often as a mapping wants.

    Core answers 500 for one that does not exist.

    Raises:
        InvalidParameterValueException: it does not exist, or its reserved concurrency is less.
    """
    name, qualifier, account, region = function_locators_from_arn(named)
    function = lambda_stores[account or context.account_id][region or context.region].functions.get(name or "")
    if function and qualifier and not qualifier.startswith("$") and qualifier not in {
        *function.aliases, *function.versions
    }:  # fmt: skip
        raise InvalidParameterValueException("Function does not exist", Type="User")
    wanted = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") or 0
    reserved = function.reserved_concurrent_executions if function else None
    if reserved is not None and wanted > reserved:
        # Recorded on AWS by https://github.com/badmintoncryer/cdk-preflight.
        raise InvalidParameterValueException(
            f"MaximumConcurrency: {wanted} is greater than Function Reserved Concurrency: {reserved}", Type="User"
        )


def _require_visibility(queue_arn: str, function_arn: str) -> None:
    """Check that messages stay invisible while the function has them.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-queueconfig

    Raises:
        InvalidParameterValueException: they do not.
    """
    queue = parse_arn(queue_arn)
    attributes = sqs_stores[queue.account][queue.region].queues[queue.resource].attributes
    visible_after = int(attributes[QueueAttributeName.VisibilityTimeout])
    timeout = get_function_version_from_arn(function_arn).config.timeout
    if visible_after < timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {visible_after} seconds is less than Function timeout: {timeout} seconds",
            Type="User",
        )


def _require_stream(arn: str) -> None:
    """Check that a stream, or a registered consumer of it, exists. The role's permissions are checked before.

    Raises:
        InvalidParameterValueException: it does not.
    """
    try:
        name, consumer = split_arn(arn)
        stream = provider("kinesis").streams.get(name)
        if consumer:
            stream.consumers.get(consumer, arn)
    except (StreamError, ValueError) as error:
        kind = "Stream consumer" if "/consumer/" in arn else "Stream"
        raise InvalidParameterValueException(f"{kind} not found: {arn}", Type="User") from error


def _require_ranges(context: RequestContext, request: Any) -> None:
    """Check the ranges, enumerations and patterns of the service's model.

    Raises:
        CommonServiceException: ValidationException, with AWS's text.
    """
    try:
        _validator.validate(context.operation, request)
    except ValidationError as error:
        raise CommonServiceException(error.code, str(error), sender_fault=True) from error
