"""Refuses notification configurations of buckets that S3 refuses. Core checks only their destinations.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html. The texts are those that users
report, and those that https://github.com/badmintoncryer/cdk-preflight has recorded on AWS.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localstack.aws.api.s3 import InvalidArgument
from localstack.aws.spec import load_service

from pipeline_emulator import patches

_KINDS = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
_EVENT = "The event is not supported for notifications"
_ONE_RULE = "Cannot specify more than one {} rule in a filter."
_FIFO = "FIFO SQS queues are not supported."
# AWS's own words are not known.
_SAME_ID = "Same ID used for multiple configurations. IDs must be unique"
# https://github.com/minio/minio/issues/2472
_OVERLAP = "Configurations overlap. Configurations on the same bucket cannot share a common event type."
# https://github.com/aws/aws-cli/issues/2387
_AMBIGUOUS = (
    "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are"
    " overlapping for the same event type."
)


def install() -> None:
    """Check configurations before core stores them."""
    events = frozenset(load_service("s3").shape_for("Event").enum)

    @patches.CHECK_NOTIFICATIONS.wrap
    def _verify_notification_configuration(
        original: Callable[..., None], self: Any, notification_configuration: Mapping[str, Any], *more: Any
    ) -> None:
        if found := problem(notification_configuration, events):
            raise InvalidArgument(found)
        original(self, notification_configuration, *more)


def problem(configuration: Mapping[str, Any], events: frozenset[str]) -> str | None:
    """Return AWS's message for a configuration that it refuses, or None.

    Args:
        configuration: as in PutBucketNotificationConfiguration.
        events: all types of events.
    """
    rules = [rule for kind in _KINDS for rule in configuration.get(kind) or ()]
    if found := next((text for rule in rules for text in _problems(rule, events)), None):
        return found
    names = [rule["Id"] for rule in rules if rule.get("Id")]
    if len(set(names)) < len(names):
        return _SAME_ID
    for one, other in itertools.combinations(rules, 2):
        if _share_events(one, other) and _share_keys(one, other):
            return _AMBIGUOUS if _filters(one) or _filters(other) else _OVERLAP
    return None


def _problems(rule: Mapping[str, Any], events: frozenset[str]) -> Iterator[str]:
    if not events.issuperset(rule.get("Events") or ()):
        yield _EVENT
    names = [name for name, _ in _filters(rule)]
    for name in ("prefix", "suffix"):
        if names.count(name) > 1:
            yield _ONE_RULE.format(name)
    if str(rule.get("QueueArn") or "").endswith(".fifo"):
        yield _FIFO


def _filters(rule: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the kinds and values of a rule's filters; an empty value filters nothing."""
    found = ((rule.get("Filter") or {}).get("Key") or {}).get("FilterRules") or ()
    return [(str(each.get("Name")).lower(), str(each["Value"])) for each in found if each.get("Value")]


def _share_events(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    pairs = itertools.product(one.get("Events") or (), other.get("Events") or ())
    return any(_covers(first, second) or _covers(second, first) for first, second in pairs)


def _covers(pattern: str, event: str) -> bool:
    return event == pattern or (pattern.endswith("*") and event.startswith(pattern.removesuffix("*")))


def _share_keys(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether a key may match both rules."""
    first, second = dict(_filters(one)), dict(_filters(other))
    starts = [each.get("prefix", "") for each in (first, second)]
    ends = [each.get("suffix", "") for each in (first, second)]
    return (starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])) and (
        ends[0].endswith(ends[1]) or ends[1].endswith(ends[0])
    )
