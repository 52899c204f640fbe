"""Checks requests against the lengths, ranges, patterns and enumerations of a service's model, where core does not.

AWS checks them before anything else: "Common Errors" in each service's API reference.
"""

from collections.abc import Collection, Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.kinesis.provider.validation import RequestValidator
from pipeline_emulator.kinesis.streams.errors import ValidationError

_CODES = {"lambda": "ValidationException", "logs": "InvalidParameterException"}
# Core, or the emulator's own code, checks these parameters, in AWS's order and with texts that were recorded on AWS.
_LEFT_OUT: Mapping[str, Collection[str]] = {
    "lambda": (
        *("Action", "Architectures", "Arn", "CapacityProviderConfig", "CompatibleArchitectures", "CompatibleRuntimes"),
        *("DestinationConfig", "EphemeralStorage", "FunctionName", "FunctionVersion", "InvokeMode", "LayerName"),
        *("Layers", "MemorySize", "Name", "Payload", "ProvisionedConcurrentExecutions", "PublishTo", "Qualifier"),
        *("RecursiveLoop", "Resource", "Role", "RoutingConfig", "Runtime", "SnapStart", "StatementId", "TagKeys"),
        *("Tags", "Timeout", "VpcConfig"),
    ),
    "logs": (),
}
# Mappings are checked as a whole, with more rules than the model has: event_source/requests.py.
_OWN_CHECKS = frozenset({"CreateEventSourceMapping", "UpdateEventSourceMapping"})
_validators = {service: RequestValidator(left_out) for service, left_out in _LEFT_OUT.items()}


def install() -> None:
    """Check requests before their service gets them."""
    patches.CHECK_CONSTRAINTS.append(_check)


def _check(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse a request that violates the model.

    Raises:
        CommonServiceException: it does; the message lists how.
    """
    operation, service = context.operation, context.service and context.service.service_name
    if operation is None or service not in _validators or operation.name in _OWN_CHECKS:
        return
    try:
        _validators[service].validate(operation, context.service_request)
    except ValidationError as error:
        raise CommonServiceException(_CODES[service], str(error), sender_fault=True) from error
