"""FilterLogEvents and GetLogEvents: whose events they return, in which order and until when.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

import json
from collections.abc import Callable
from typing import Any

from localstack.aws.api.logs import InvalidParameterException

from pipeline_emulator import patches

# moto reads on after the number in a token. The one that it returns for a stream without events skips the first.
_BEFORE_THE_FIRST = f"f/{-1:056d}"
_TWO_GROUPS = "LogGroup name and LogGroup ARN are mutually exclusive parameters."
_TWO_FILTERS = "logStreamNames and logStreamNamePrefix are mutually exclusive parameters."  # our words: none recorded


def install() -> None:
    """Patch moto."""
    patches.FILTER_LOG_EVENTS.replace(filter_log_events)

    @patches.GET_LOG_EVENTS.wrap
    def get_log_events(
        original: Callable[..., Any], self: Any, start: int, end: int | None, limit: int, token: str | None, head: bool
    ) -> Any:
        """Read a stream's events that came before `end`; moto returns those of that millisecond, too."""
        events, back, forward = original(self, start, end - 1 if end else end, limit, token, head)
        if not events and not (token or "").startswith("f"):
            forward = _BEFORE_THE_FIRST
        return events, back, forward


def filter_log_events(response: Any) -> str:
    """Return the events of a group, or of some of its streams, in the order of their times.

    Raises:
        InvalidParameterException: it is not clear which group or which streams are meant.
        ResourceNotFoundException: there is no such group.
    """
    name, identifier = response._get_param("logGroupName"), response._get_param("logGroupIdentifier")
    if name and identifier:
        raise InvalidParameterException(_TWO_GROUPS)
    group = response.logs_backend._find_log_group(identifier, name)
    wanted = ("startTime", "endTime", "limit", "nextToken", "filterPattern")
    start, end, limit, token, pattern = map(response._get_param, wanted)
    events, token, searched = response.logs_backend.filter_log_events(
        group.name, _streams(response, group), start, end, limit, token, pattern, interleaved=True
    )
    return json.dumps({"events": events, "nextToken": token, "searchedLogStreams": searched})


def _streams(response: Any, group: Any) -> list[str]:
    """Return the names of the streams that a request wants; an empty list stands for all of them."""
    names: list[str] = response._get_param("logStreamNames") or []
    prefix = response._get_param("logStreamNamePrefix")
    if names and prefix:
        raise InvalidParameterException(_TWO_FILTERS)
    if not prefix:
        return names
    return [name for name in list(group.streams) if name.startswith(prefix)] or [prefix]
