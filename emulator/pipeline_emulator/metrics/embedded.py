"""Metrics in log events, in the embedded metric format.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline_emulator.metrics.aggregator import METRICS, Resource

_MARK = '"_aws"'
# The specification's limits: what exceeds them is no metric.
_MOST_METRICS, _MOST_DIMENSIONS, _MOST_VALUES = 100, 30, 100


def count(events: Iterable[Mapping[str, Any]], account: str, region: str) -> None:
    """Count the metrics in log events. Events that do not have the format are left alone.

    Args:
        events: with `message`.
        account: the log group's.
        region: the log group's.
    """
    for event in events:
        if _MARK not in event["message"]:
            continue
        for at, resource, values in found(event["message"], account, region):
            for name, value in values:
                METRICS.add(at, resource, {name: value})


def found(message: str, account: str, region: str) -> Iterator[tuple[float, Resource, list[tuple[str, float]]]]:
    """Yield time in seconds, resource and values by name of each metric in a message."""
    try:
        document = json.loads(message)
    except (ValueError, RecursionError):
        return
    metadata = document.get("_aws") if isinstance(document, dict) else None
    at: Any = metadata.get("Timestamp") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not _is_number(at):
        return
    for directive in _objects(metadata.get("CloudWatchMetrics")):
        namespace = directive.get("Namespace")
        if not isinstance(namespace, str) or not namespace:
            continue
        for dimensions in _dimensions(directive.get("Dimensions", [[]]), document):
            for definition in _objects(directive.get("Metrics"))[:_MOST_METRICS]:
                name, unit = definition.get("Name"), definition.get("Unit", "None")
                if isinstance(name, str) and isinstance(unit, str) and (values := _values(document.get(name))):
                    resource = Resource(account, region, namespace, dimensions, unit)
                    yield at / 1000, resource, [(name, value) for value in values]


def _dimensions(sets: Any, document: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield names and values of each set of dimensions; a set with a missing one is left out."""
    for names in sets if isinstance(sets, list) else []:
        if not isinstance(names, list) or len(names) > _MOST_DIMENSIONS:
            continue
        pairs = [(name, document.get(name)) for name in names if isinstance(name, str)]
        if len(pairs) == len(names) and all(isinstance(value, str | int | float) for _, value in pairs):
            yield tuple((name, _text(value)) for name, value in pairs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _values(value: Any) -> list[float]:
    found = value if isinstance(value, list) else [value]
    return [float(one) for one in found if _is_number(one)] if 0 < len(found) <= _MOST_VALUES else []


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
