"""Subscription filters of log groups, and the patterns of all filters. Core matches no pattern."""

import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from localstack.aws.api.logs import (
    AccessDeniedException,
    InvalidParameterException,
    LimitExceededException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from localstack.services.logs import provider
from moto.core.utils import unix_time_millis
from moto.logs.models import LogEvent, LogsBackend, LogStream, SubscriptionFilter

from pipeline_emulator import patches
from pipeline_emulator.arn import find_arn
from pipeline_emulator.logs import deliveries, patterns
from pipeline_emulator.logs.deliveries import Delivery, Destination

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
assert provider.__name__  # imported before `install`: core's own patches of moto come first


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
_MOST_FILTERS = 2
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html
# Recorded on AWS by LocalStack's authors; it comes before the error for a group that does not exist.
_OTHER_ACCOUNT = (
    "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross account"
    " lambda triggers."
)
_RANDOM, _BY_LOG_STREAM = "Random", "ByLogStream"


class Subscription(SubscriptionFilter):
    """A subscription filter; `distribution` decides over the shards of a stream."""

    distribution = _BY_LOG_STREAM

    def to_json(self) -> dict[str, Any]:
        """Return the filter for DescribeSubscriptionFilters."""
        answer = {**super().to_json(), "distribution": self.distribution, "applyOnTransformedLogs": False}
        return {name: value for name, value in answer.items() if value != "" or name != "roleArn"}


def install() -> None:
    """Replace core's patches of moto."""
    patches.PUT_SUBSCRIPTION_FILTER.replace(put_subscription_filter)
    patches.STORE_LOG_EVENTS.replace(put_log_events)
    patches.MATCH_LOG_EVENTS.replace(_matcher)

    @patches.KEEP_DISTRIBUTION.wrap
    def put_with_distribution(original: Callable[..., str], self: Any) -> str:
        answer = original(self)
        filters = self.logs_backend.groups[self._get_param("logGroupName")].subscription_filters
        filters[self._get_param("filterName")].distribution = self._get_param("distribution") or _BY_LOG_STREAM
        return answer

    @patches.CHECK_LOG_STREAM.wrap
    def create_log_stream(original: Callable[..., None], self: Any, log_stream_name: str) -> None:
        if log_stream_name in self.streams:
            raise ResourceAlreadyExistsException("The specified log stream already exists")
        original(self, log_stream_name)

    @patches.CHECK_RETENTION.wrap
    def put_retention_policy(
        original: Callable[..., Any], self: Any, log_group_name: str, retention_in_days: Any
    ) -> Any:
        if int(retention_in_days) not in _DAYS:
            raise InvalidParameterException(
                f"1 validation error detected: Value '{retention_in_days}' at 'retentionInDays' failed to satisfy"
                f" constraint: Member must satisfy enum value set: {list(_DAYS)}"
            )
        return original(self, log_group_name, retention_in_days)

    @patches.DELETE_POLICY_OF_LOGS.wrap
    def delete_resource_policy(original: Callable[..., None], self: Any, policy_name: str) -> None:
        if policy_name not in self.resource_policies:
            raise ResourceNotFoundException(f"Policy with name [{policy_name}] does not exist.")
        original(self, policy_name)


def put_subscription_filter(
    backend: LogsBackend,
    log_group_name: str,
    filter_name: str,
    filter_pattern: str,
    destination_arn: str,
    role_arn: str | None,
) -> None:
    """Create or replace a filter, after a test message has reached its destination.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html

    Raises:
        AccessDeniedException: the destination is another account's function.
        ResourceNotFoundException: there is no such group.
        InvalidParameterException: the pattern is invalid, or nothing can be delivered to the destination.
        LimitExceededException: the group has two others.
    """
    arn = find_arn(destination_arn)
    if arn and arn.service == "lambda" and arn.account != backend.account_id:
        raise AccessDeniedException(_OTHER_ACCOUNT)
    group: Any = backend.groups.get(log_group_name)
    if group is None:
        raise ResourceNotFoundException("The specified log group does not exist.")
    parsed(filter_pattern)
    if arn is None or arn.service not in deliveries.SERVICES:
        vendor = arn.service if arn else destination_arn
        raise InvalidParameterException(
            f"PutSubscriptionFilter operation cannot work with destinationArn for vendor {vendor}"
        )
    if (
        arn.service != "lambda" and not role_arn
    ):  # https://github.com/theburningmonk/lambda-logging-kinesis-demo/issues/1
        raise InvalidParameterException(f"destinationArn for vendor {arn.service} cannot be used without roleArn")
    if arn.service == "lambda" and role_arn:
        raise InvalidParameterException("destinationArn for vendor lambda cannot be used with roleArn")
    deliveries.check(Destination(destination_arn, role_arn or None, _source(group)))
    known = group.subscription_filters
    if filter_name not in known and len(known) >= _MOST_FILTERS:
        raise LimitExceededException("Resource limit exceeded.")
    made = Subscription(filter_name, log_group_name, filter_pattern, destination_arn, role_arn or "")
    if filter_name in known:
        made.creation_time = known[filter_name].creation_time
    known[filter_name] = made


def put_log_events(stream: LogStream, log_events: list[dict[str, Any]]) -> str:
    """Store events, and hand those that match a subscription filter to its delivery."""
    now = int(unix_time_millis())
    stored = [LogEvent(now, event) for event in log_events]
    stream.last_ingestion_time = now
    stream.stored_bytes += sum(len(event["message"]) for event in log_events)
    stream.events += stored
    stream.upload_sequence_token += 1
    group: Any = stream.log_group
    for subscription in list(group.subscription_filters.values()):
        pattern = patterns.parse(subscription.filter_pattern or "")
        found = [event for event in stored if pattern.match(event.message) is not None]
        if found:
            destination = Destination(subscription.destination_arn, subscription.role_arn or None, _source(group))
            key = uuid.uuid4().hex if subscription.distribution == _RANDOM else stream.log_stream_name
            _delivery(destination).add(key, _document(stream, subscription.name, found))
    return f"{stream.upload_sequence_token:056d}"


def _document(stream: LogStream, filter_name: str, events: list[LogEvent]) -> dict[str, Any]:
    group: Any = stream.log_group
    return {
        "messageType": "DATA_MESSAGE",
        "owner": stream.account_id,
        "logGroup": group.name,
        "logStream": stream.log_stream_name,
        "subscriptionFilters": [filter_name],
        "logEvents": [
            {"id": f"{event.event_id:056d}", "timestamp": event.timestamp, "message": event.message} for event in events
        ],
    }


def _source(group: Any) -> str:
    """Return the group's ARN as CloudWatch Logs names it in its calls: policies have it with `:*`."""
    return f"{group.arn.removesuffix(':*')}:*"


@cache
def _delivery(destination: Destination) -> Delivery:
    return Delivery(destination)


def parsed(pattern: str | None) -> patterns.Pattern:
    """Return a request's pattern, or refuse it with AWS's error."""
    try:
        return patterns.parse(pattern or "")
    except patterns.TermError as error:
        raise InvalidParameterException(str(error)) from None
    except patterns.PatternError:
        raise InvalidParameterException("Invalid filter pattern") from None


def _matcher(pattern: str) -> Callable[[str, dict[str, Any]], bool]:
    """Return core's kind of matcher: it gets the pattern and an event."""
    wanted = parsed(pattern)
    return lambda _pattern, event: wanted.match(event["message"]) is not None
