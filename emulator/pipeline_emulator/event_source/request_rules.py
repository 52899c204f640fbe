"""What a mapping's configuration must satisfy beyond the ranges of the service's model.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html says which sources a setting is for.
The messages are AWS's, where users have reported them; the sources are at each.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline_emulator.arn import Arn, find_arn

# https://github.com/hashicorp/terraform-provider-aws/pull/16113
_AGE = "MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)"
_SHORTEST_AGE = 60
_FIFO_MESSAGES = 10
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
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html and services-sqs-scaling.html; the words of
# AWS for these are not known.
_FIFO_BATCH = "Maximum batch size of a FIFO queue is 10."
_TWO_SCALINGS = "ScalingConfig and ProvisionedPollerConfig cannot be used together."
_POLLERS = "MinimumPollers must not be greater than MaximumPollers."
# https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
_DESTINATION = "Destination {} is not an Amazon SQS queue, Amazon SNS topic or Amazon S3 bucket."
_DESTINATIONS = frozenset({"sqs", "sns", "s3"})
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


def problem(mapping: Mapping[str, Any], now: datetime) -> str | None:
    """Return AWS's message for a mapping that it refuses, or None.

    Args:
        mapping: a CreateEventSourceMapping request, or a configuration with the changes of an update.
        now: the time with its zone.
    """
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
    return _problem_of_queue(mapping, arn) if service == "sqs" else _problem_of_stream(mapping, now)


def _is_complete(arn: Arn) -> bool:
    return bool(arn.region and arn.account and _RESOURCES[arn.service].fullmatch(arn.resource))


def _problem_of_queue(mapping: Mapping[str, Any], queue: Arn) -> str | None:
    if queue.resource.endswith(".fifo"):
        if mapping.get("MaximumBatchingWindowInSeconds"):
            return _FIFO_WINDOW
        if (mapping.get("BatchSize") or 0) > _FIFO_MESSAGES:
            return _FIFO_BATCH
    pollers = mapping.get("ProvisionedPollerConfig") or {}
    if pollers and mapping.get("ScalingConfig"):
        return _TWO_SCALINGS
    if pollers.get("MinimumPollers", 0) > pollers.get("MaximumPollers", math.inf):
        return _POLLERS
    return None


def _problem_of_stream(mapping: Mapping[str, Any], now: datetime) -> str | None:
    age = mapping.get("MaximumRecordAgeInSeconds")
    if age is not None and 0 <= age < _SHORTEST_AGE:
        return _AGE
    if mapping.get("StartingPosition") == "AT_TIMESTAMP":
        if (start := mapping.get("StartingPositionTimestamp")) is None:
            return _NO_TIMESTAMP
        if isinstance(start, datetime) and start.astimezone(now.tzinfo) > now:
            return _FUTURE
    if mapping.get("TumblingWindowInSeconds") and (mapping.get("ParallelizationFactor") or 1) > 1:
        return _WINDOW_LANES
    destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    found = find_arn(destination) if destination else None
    if found and found.service not in _DESTINATIONS:
        return _DESTINATION.format(destination)
    return None
