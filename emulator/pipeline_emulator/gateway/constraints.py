"""Checks requests against the lengths, ranges, patterns and enumerations of a service's model, where core does not.

AWS checks them before anything else: "Common Errors" in each service's API reference.
"""

import unicodedata
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
        *("Architectures", "Arn", "CapacityProviderConfig", "CompatibleArchitecture", "CompatibleArchitectures"),
        *("CompatibleRuntime", "CompatibleRuntimes"),
        *("DestinationConfig", "EphemeralStorage", "FunctionName", "FunctionVersion", "InvokeMode", "LayerName"),
        *("Layers", "MemorySize", "Name", "Payload", "ProvisionedConcurrentExecutions", "PublishTo", "Qualifier"),
        *("RecursiveLoop", "Resource", "Role", "RoutingConfig", "Runtime", "SnapStart", "StatementId", "TagKeys"),
        *("Tags", "Timeout", "VpcConfig"),
    ),
    "logs": (),
}
# Core checks the first, and event_source/requests.py mappings, with more rules than the model has.
_OWN_CHECKS = frozenset({"AddLayerVersionPermission", "CreateEventSourceMapping", "UpdateEventSourceMapping"})
_LONGEST_TAG_VALUE = 256
_TAG_VALUE = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length"
    r" greater than or equal to 0, Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$]"
)
_DAY_MS = 24 * 3600 * 1000
_BATCH_BYTES, _EVENT_BYTES = 1_048_576, 26  # an event counts 26 bytes more than its message
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
    if operation is None or service not in _validators:
        return
    try:
        if operation.name not in _OWN_CHECKS:
            _validators[service].validate(operation, context.service_request)
    except ValidationError as error:
        raise CommonServiceException(_CODES[service], str(error), sender_fault=True) from error
    if operation.name == "PutLogEvents":
        _check_batch(context.service_request or {})
    elif (service, operation.name) == ("logs", "PutResourcePolicy"):
        _check_complete(context.service_request or {})
    elif service == "lambda":
        _check_tags(context.service_request or {})


def _check_tags(request: Mapping[str, Any]) -> None:
    """Refuse keys with AWS's prefix, and values that are too long or have other characters than tags may have.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html. The model has no constraint of values; the
    text of theirs: https://github.com/cloud-custodian/cloud-custodian/issues/2520

    Raises:
        CommonServiceException: there is one. Of keys, AWS's own words are not known.
    """
    tags = request.get("Tags") or {}
    if not all(_is_tag_value(value) for value in tags.values()):
        shown = ", ".join(f"{key}={value}" for key, value in tags.items())
        text = f"1 validation error detected: Value '{{{shown}}}' at 'tags' failed to satisfy constraint: {_TAG_VALUE}"
        raise CommonServiceException("ValidationException", text, sender_fault=True)
    if reserved := [key for key in tags if key.lower().startswith("aws:")]:
        text = f"Tag keys must not begin with the reserved prefix aws: {', '.join(reserved)}"
        raise CommonServiceException("InvalidParameterValueException", text, sender_fault=True)


def _is_tag_value(value: str) -> bool:
    r"""Return whether a text may be a tag's value. Python's patterns know no \p{L}."""
    known = all(char in "_.:/=+-@" or unicodedata.category(char)[0] in "LZN" for char in value)
    return known and len(value) <= _LONGEST_TAG_VALUE


def _check_complete(request: Mapping[str, Any]) -> None:
    """Refuse a resource policy without its name or document, which the model leaves open for one log group's policy.

    moto knows no such policies: it would store this one for the account, and list it without a name.

    Raises:
        CommonServiceException: one is missing.
    """
    if missing := [name for name in ("policyName", "policyDocument") if not request.get(name)]:
        text = "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null"
        if request.get("resourceArn"):
            text = "The emulator has no resource policies of single log groups: give policyName, not resourceArn"
        raise CommonServiceException(_CODES["logs"], text.format(missing[0]), sender_fault=True)


def _check_batch(request: Mapping[str, Any]) -> None:
    """Refuse a batch that is out of order, spans more than a day, or is too large.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html

    Raises:
        CommonServiceException: it is refused.
    """
    events = request.get("logEvents") or ()
    times = [event["timestamp"] for event in events]
    size = sum(len(event["message"].encode()) + _EVENT_BYTES for event in events)
    text = None
    if times != sorted(times):
        text = "Log events in a single PutLogEvents request must be in chronological order."
    elif times and times[-1] - times[0] > _DAY_MS:
        text = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    elif size > _BATCH_BYTES:
        text = f"Upload too large: {size} bytes exceeds limit of {_BATCH_BYTES}"
    if text:
        raise CommonServiceException(_CODES["logs"], text, sender_fault=True)
