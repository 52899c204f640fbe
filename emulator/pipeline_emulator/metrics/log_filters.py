"""Metric filters of log groups. Core counts every line of every group for each filter."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.moto import call_moto

from pipeline_emulator import patches
from pipeline_emulator.logs import patterns
from pipeline_emulator.metrics import embedded
from pipeline_emulator.metrics.aggregator import METRICS, Resource


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
    for line in lines:
        if (document := pattern.match(line["message"])) is not None:
            for transformation in metric_filter["metricTransformations"]:
                value = _value(str(transformation["metricValue"]), document)
                if value is not None:
                    resource = Resource(account, region, transformation["metricNamespace"], ())
                    METRICS.add(line["timestamp"] / 1000, resource, {transformation["metricName"]: value})


def _value(text: str, document: dict[str, Any]) -> float | None:
    """Return the value of a line: a number, or that of the named field or column; None if it is not a number."""
    found: Any = text
    if text.startswith(("$.", "$[")):
        found = patterns.select(document, text)
    elif text.startswith("$"):
        found = document.get(text[1:])
    try:
        return float(found)
    except (TypeError, ValueError):
        return None
