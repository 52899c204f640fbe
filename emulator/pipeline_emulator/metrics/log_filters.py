"""Metric filters of log groups. Core counts every line of every group for each filter."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.moto import call_moto

from pipeline_emulator import patches
from pipeline_emulator.logs import patterns
from pipeline_emulator.metrics import embedded
from pipeline_emulator.metrics.aggregator import METRICS, MINUTE, Resource


def install() -> None:
    """Apply only a log group's own filters to its lines."""

    @patches.FILTER_METRICS.wrap
    def put_log_events(
        _original: Callable[..., Any],
        _self: Any,
        context: Any,
        log_group_name: str,
        log_events: list[dict[str, Any]],
        **_request: Any,
    ) -> Any:
        answer = call_moto(context)
        embedded.count(log_events, context.account_id, context.region)
        backend = get_moto_logs_backend(context.account_id, context.region)
        found = {
            one["filterName"]: one for one in backend.filters.metric_filters if one["logGroupName"] == log_group_name
        }
        for one in found.values():
            _count(one, log_events, context.account_id, context.region)
        return answer


def _count(metric_filter: Mapping[str, Any], lines: Iterable[Mapping[str, Any]], account: str, region: str) -> None:
    try:
        pattern = patterns.parse(metric_filter["filterPattern"])
    except patterns.PatternError:
        return  # PutMetricFilter refuses it
    for minute, group in itertools.groupby(lines, key=lambda line: line["timestamp"] // 60_000 * MINUTE):
        matching = [found for line in group if (found := pattern.match(line["message"])) is not None]
        for transformation in metric_filter["metricTransformations"]:
            for dimensions, value in _values(transformation, matching):
                unit = transformation.get("unit") or "None"
                resource = Resource(account, region, transformation["metricNamespace"], dimensions, unit)
                METRICS.add(minute, resource, {transformation["metricName"]: value})


def _values(
    transformation: Mapping[str, Any], matching: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[tuple[str, str], ...], float]]:
    """Yield dimensions and value for each matching line; without one, the default.

    A line without a value, or without the field of a dimension, gives none.
    """
    default = transformation.get("defaultValue")
    if not matching and default is not None:
        yield (), float(default)
    for document in matching:
        value = _value(str(transformation["metricValue"]), document)
        dimensions = [
            (name, patterns.text_of(patterns.value_of(document, field)))
            for name, field in (transformation.get("dimensions") or {}).items()
        ]
        if value is not None and all(text for _, text in dimensions):
            yield tuple(dimensions), value


def _value(text: str, document: Mapping[str, Any]) -> float | None:
    """Return the value of a line: a number, or that of the named field or column; None if it is not a number."""
    found: Any = patterns.value_of(document, text) if text.startswith("$") else text
    try:
        return float(found)
    except (TypeError, ValueError):
        return None
