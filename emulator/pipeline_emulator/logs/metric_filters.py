"""PutMetricFilter, DeleteMetricFilter and TestMetricFilter. `metrics/log_filters.py` counts.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.logs import InvalidParameterException, ResourceNotFoundException
from localstack.services.logs.provider import LogsProvider
from moto.core.utils import unix_time_millis

from pipeline_emulator import patches
from pipeline_emulator.logs import patterns
from pipeline_emulator.logs.subscriptions import parsed

_MOST_DIMENSIONS = 3
# https://github.com/hashicorp/terraform-provider-aws/issues/22105
_NO_FIELDS = "The specified filter pattern does not support dimensions"
# Our words: none are recorded.
_DIMENSIONS = "Invalid metric transformation: there can be up to 3 dimensions."
_DEFAULT = "Invalid metric transformation: dimensions and default value are mutually exclusive properties."


def install() -> None:
    """Patch moto, and add TestMetricFilter, which neither moto nor core has."""
    patches.TEST_METRIC_FILTER.replace(try_metric_filter)

    @patches.CHECK_METRIC_FILTER.wrap
    def put_metric_filter(
        original: Callable[..., Any], self: Any, name: str, pattern: str, group_name: str, transformations: Any
    ) -> None:
        """Check a filter, and replace the group's filter of that name, to which moto adds another."""
        _require_group(self, group_name)
        _check_dimensions(transformations, parsed(pattern))
        known = _find(self, name, group_name)
        original(self, name, pattern, group_name, transformations)
        if known:
            self.filters.metric_filters.remove(known)
        created = (known or {}).get("creationTime") or int(unix_time_millis())
        self.filters.metric_filters[-1] |= {"creationTime": created, "applyOnTransformedLogs": False}

    @patches.DELETE_METRIC_FILTER.wrap
    def delete_metric_filter(original: Callable[..., Any], self: Any, filter_name: str, log_group_name: str) -> None:
        _require_group(self, log_group_name)
        if _find(self, filter_name, log_group_name) is None:
            raise ResourceNotFoundException("The specified metric filter does not exist.")
        original(self, filter_name, log_group_name)


def try_metric_filter(
    _provider: LogsProvider,
    context: RequestContext,  # noqa: ARG001 - passed by name
    filter_pattern: str,
    log_event_messages: list[str],
    **_request: Any,
) -> dict[str, Any]:
    """Return which of some messages match a pattern, with the fields that it names.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html

    Raises:
        InvalidParameterException: the pattern is not valid.
    """
    pattern, matches = parsed(filter_pattern), []
    for number, message in enumerate(log_event_messages, start=1):
        if (document := pattern.match(message)) is not None:
            values = {name: patterns.text_of(patterns.value_of(document, name)) for name in pattern.named}
            matches.append({"eventNumber": number, "eventMessage": message, "extractedValues": values})
    return {"matches": matches}


def _require_group(backend: Any, name: str) -> None:
    if name not in backend.groups:
        raise ResourceNotFoundException("The specified log group does not exist.")


def _find(backend: Any, name: str, group_name: str) -> dict[str, Any] | None:
    for one in backend.filters.metric_filters:
        if (one["filterName"], one["logGroupName"]) == (name, group_name):
            found: dict[str, Any] = one
            return found
    return None


def _check_dimensions(transformations: Iterable[Mapping[str, Any]], pattern: patterns.Pattern) -> None:
    for one in transformations:
        dimensions = one.get("dimensions") or {}
        if dimensions and not pattern.named:
            raise InvalidParameterException(_NO_FIELDS)
        if len(dimensions) > _MOST_DIMENSIONS:
            raise InvalidParameterException(_DIMENSIONS)
        if dimensions and one.get("defaultValue") is not None:
            raise InvalidParameterException(_DEFAULT)
