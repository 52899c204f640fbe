"""What a mapping's configuration must satisfy beyond the ranges of the service's model.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html says which sources a setting is for.
The messages are AWS's, as users have reported them; the sources are at each. Those without one were recorded on AWS by
https://github.com/badmintoncryer/cdk-preflight.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline_emulator.arn import Arn, find_arn

# https://github.com/hashicorp/terraform-provider-aws/pull/16113
_AGE = "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
_SHORTEST_AGE = 60
# https://github.com/serverless/serverless/issues/12111
_NO_TIMESTAMP = "Need to specify a timestamp"
# "StartingPositionTimestamp cannot be in the future", says the API's reference.
_FUTURE = "StartingPositionTimestamp cannot be in the future."
# https://github.com/terraform-aws-modules/terraform-aws-lambda/issues/619
_WINDOW_LANES = "ParallelizationFactor must be 1 for an event source mapping with a tumbling window."
# https://github.com/boto/boto3/issues/1613
_NO_POSITION = "StartingPosition is not valid for SQS event sources."
# https://github.com/aws/aws-lambda-dotnet/pull/1758
_FIFO_WINDOW = "Batching window is not supported for FIFO queues"
_TWO_SCALINGS = (
    "Provisioned mode for SQS ESM does not support maximum concurrency feature. Use MaximumPollers as the control"
    " mechanism and remove maximum concurrency."
)
_POLLERS = "MinimumPollers must be less than or equal to MaximumPollers."
_FEW_POLLERS = "MinimumPollers should be between [2, 200] and MaximumPollers should be between [MinimumPollers, 10000]"
_FEWEST_POLLERS = 2
_TIMESTAMP = "Timestamp only valid with StartingPosition AT_TIMESTAMP"
_REGION = "Event source region must match Lambda region {}"
_DESTINATION = "The service specified by the TargetArn isn't supported as a destination."
_DESTINATIONS = frozenset({"sqs", "sns", "s3"})
FIFO = {
    "sns": "FIFO-type Amazon SNS topics aren't supported as a destination.",
    "sqs": "FIFO-type Amazon SQS queues aren't supported as a destination.",
}
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: five, or ten on request.
_FILTERS = "Too many filter patterns, maximum allowed 5 patterns, provided {} patterns."
_MOST_FILTERS = 5
_INVALID_FILTER = "Invalid filter pattern definition."
# Recorded on AWS for a queue that does not exist, and for a request without EventSourceArn.
NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue."
    " SQS Error Message: The specified queue does not exist."
)
UNRECOGNIZED = "Unrecognized event source."

_OF_STREAMS = (
    "BisectBatchOnFunctionError",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
    "DestinationConfig",
)
_OF_QUEUES = ("ScalingConfig", "ProvisionedPollerConfig")
_OF_OTHERS = (
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
)
_UNSUPPORTED = {
    "kinesis": (*_OF_QUEUES, *_OF_OTHERS),
    "dynamodb": (*_OF_QUEUES, *_OF_OTHERS),
    "sqs": (*_OF_STREAMS, *_OF_OTHERS),
}
# Services with event sources of their own, of which core emulates none.
_ELSEWHERE = frozenset({"kafka", "mq", "rds"})
_RESOURCES = {
    "kinesis": re.compile(r"stream/[a-zA-Z0-9_.-]{1,128}(/consumer/[a-zA-Z0-9_.-]{1,128}:\d+)?"),
    "dynamodb": re.compile(r"table/[a-zA-Z0-9_.-]+/stream/\S+"),
    "sqs": re.compile(r"[a-zA-Z0-9_-]{1,80}(\.fifo)?"),
}


def problem(mapping: Mapping[str, Any], now: datetime, region: str) -> str | None:
    """Return AWS's message for a mapping that it refuses, or None.

    Args:
        mapping: a CreateEventSourceMapping request, or a configuration with the changes of an update.
        now: the time with its zone.
        region: the function's.
    """
    filters = (mapping.get("FilterCriteria") or {}).get("Filters") or ()
    if len(filters) > _MOST_FILTERS:
        return _FILTERS.format(len(filters))
    text = mapping.get("EventSourceArn")
    if text is None:
        return None  # a self-managed source, or core's error
    arn = find_arn(text)
    service = arn.service if arn else ""
    if service in _ELSEWHERE:
        return None
    if arn is None or service not in _RESOURCES:
        return UNRECOGNIZED
    if not _is_complete(arn):
        return NO_QUEUE if service == "sqs" else UNRECOGNIZED
    if service == "sqs" and mapping.get("StartingPosition"):
        return _NO_POSITION
    for name in _UNSUPPORTED[service]:
        if mapping.get(name):
            # https://github.com/serverless/serverless/issues/7049
            return f"Unsupported {name} parameter for given event source mapping type."
    return _problem_of_queue(mapping, arn, region) if service == "sqs" else _problem_of_stream(mapping, now)


def _is_complete(arn: Arn) -> bool:
    return bool(arn.region and arn.account and _RESOURCES[arn.service].fullmatch(arn.resource))


def _problem_of_queue(mapping: Mapping[str, Any], queue: Arn, region: str) -> str | None:
    if queue.region != region:
        return _REGION.format(region)
    if queue.resource.endswith(".fifo") and mapping.get("MaximumBatchingWindowInSeconds"):
        return _FIFO_WINDOW
    pollers = mapping.get("ProvisionedPollerConfig") or {}
    if pollers and mapping.get("ScalingConfig"):
        return _TWO_SCALINGS
    if pollers.get("MinimumPollers", 0) > pollers.get("MaximumPollers", math.inf):
        return _POLLERS
    if min(pollers.get(name, _FEWEST_POLLERS) for name in ("MinimumPollers", "MaximumPollers")) < _FEWEST_POLLERS:
        return _FEW_POLLERS
    return None


def _problem_of_stream(mapping: Mapping[str, Any], now: datetime) -> str | None:
    age = mapping.get("MaximumRecordAgeInSeconds")
    if age is not None and 0 <= age < _SHORTEST_AGE:
        return _AGE
    if mapping.get("StartingPosition") != "AT_TIMESTAMP":
        if mapping.get("StartingPositionTimestamp"):
            return _TIMESTAMP
    else:
        if (start := mapping.get("StartingPositionTimestamp")) is None:
            return _NO_TIMESTAMP
        if isinstance(start, datetime) and start.astimezone(now.tzinfo) > now:
            return _FUTURE
    if mapping.get("TumblingWindowInSeconds") and (mapping.get("ParallelizationFactor") or 1) > 1:
        return _WINDOW_LANES
    if any(_compares_data_as_text(one) for one in (mapping.get("FilterCriteria") or {}).get("Filters") or ()):
        return _INVALID_FILTER
    return _problem_of_destination(((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination"))


def _compares_data_as_text(one: Mapping[str, Any]) -> bool:
    """Return whether a filter's pattern for `data` is no JSON object; core refuses a pattern that is none.

    https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html: Lambda refuses such a mapping.
    """
    try:
        pattern = json.loads(one.get("Pattern") or "")
    except (ValueError, RecursionError):
        return False
    return isinstance(pattern, dict) and isinstance(pattern.get("data"), list)


def _problem_of_destination(text: str | None) -> str | None:
    """https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html."""
    found = find_arn(text) if text else None
    if found is None:
        return None
    if found.service not in _DESTINATIONS:
        return _DESTINATION
    return FIFO.get(found.service) if found.resource.endswith(".fifo") else None
