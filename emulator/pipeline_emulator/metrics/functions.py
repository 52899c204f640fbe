"""Metrics of functions and event source mappings, with AWS's names and meanings.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html. Their time is that of the invocation.
"""

import functools
import time
from collections.abc import Mapping

from pipeline_emulator.arn import parse_function_arn
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.metrics.aggregator import METRICS, Resource

NAMESPACE = "AWS/Lambda"


def count_invocation(function_arn: str, version: str, at: float, *, is_error: bool) -> None:
    """Count an invocation that ran: `function_arn` as it was invoked, `version` as it was executed."""
    _count(function_arn, version, at, {"Invocations": 1, "Errors": int(is_error), "Throttles": 0})


def count_throttle(function_arn: str, version: str, at: float) -> None:
    """Count an invocation refused for lack of concurrency. It is neither an invocation nor an error."""
    _count(function_arn, version, at, {"Throttles": 1})


def count_duration(function_arn: str, version: str, milliseconds: float) -> None:
    """Count the duration of an event that has just ended."""
    _count(function_arn, version, time.time() - milliseconds / 1000, {"Duration": milliseconds})


def count_iterator_age(mapping: MappingSettings, last_arrival: float) -> None:
    """Count the age of a batch that is being sent; its last record arrived at `last_arrival` (epoch seconds).

    "The age is the amount of time between when a stream receives the record and when the event source mapping sends
    the event to the function": a batch that is sent again counts again, older.
    """
    now = time.time()
    _count(mapping.function_arn, None, now, {"IteratorAge": max(0.0, now - last_arrival) * 1000})


def count_delivered_failures(mapping: MappingSettings, records: int) -> None:
    """Count records sent to a mapping's on-failure destination, if the mapping has EventCount metrics enabled."""
    count_events(mapping, "OnFailureDestinationDeliveredEventCount", records)


def count_events(mapping: MappingSettings, name: str, events: int) -> None:
    """Count what happened to events, if the mapping has EventCount metrics enabled.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics
    """
    if not mapping.event_count_metrics or not events:
        return
    region, account, *_ = parse_function_arn(mapping.function_arn)
    resource = Resource(account, region, NAMESPACE, (("EventSourceMappingUUID", mapping.uuid),))
    METRICS.add(time.time(), resource, {name: events})


def count_failed_delivery(mapping: MappingSettings) -> None:
    """Count a failed attempt to reach a destination."""
    _count(mapping.function_arn, None, time.time(), {"DestinationDeliveryFailures": 1})


def _count(function_arn: str, version: str | None, at: float, values: Mapping[str, float]) -> None:
    for resource in resources(function_arn, version):
        METRICS.add(at, resource, values)


@functools.lru_cache(1024)
def resources(function_arn: str, version: str | None) -> tuple[Resource, ...]:
    """Return the resources for which an invocation is counted.

    Args:
        function_arn: `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, as it was invoked.
        version: the executed version, or None if unknown; a dimension only behind an alias.

    Returns:
        All functions of the account and region, the function, the function with the invoked resource (the name alone if
        neither a version nor an alias was invoked), and behind an alias also the latter with the executed version.
    """
    region, account, name, qualifier = parse_function_arn(function_arn)
    function = ("FunctionName", name)
    resource = ("Resource", f"{name}:{qualifier}" if qualifier else name)
    dimensions: list[tuple[tuple[str, str], ...]] = [(), (function,), (function, resource)]
    is_alias = qualifier is not None and not qualifier.isdigit() and not qualifier.startswith("$")
    if is_alias and version is not None:
        dimensions.append((("ExecutedVersion", version), function, resource))
    return tuple(Resource(account, region, NAMESPACE, chosen) for chosen in dimensions)
