"""Which events of a batch PutLogEvents stores.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html: none that is older than 14
days or than the group's retention, and none that is more than two hours in the future.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from moto.core.utils import unix_time_millis
from moto.logs.exceptions import ResourceNotFoundException

from pipeline_emulator import patches

_HOUR_MS = 3600 * 1000
_DAY_MS = 24 * _HOUR_MS
_OLDEST_MS, _NEWEST_MS = 14 * _DAY_MS, 2 * _HOUR_MS


def install() -> None:
    """Replace moto's choice, which knows no retention and counts from other ends than documented."""

    @patches.CHOOSE_LOG_EVENTS.wrap
    def put_log_events(
        _original: Callable[..., Any], self: Any, group_name: str, stream_name: str, events: list[dict[str, Any]]
    ) -> tuple[str, dict[str, int]]:
        if group_name not in self.groups:
            raise ResourceNotFoundException
        group = self.groups[group_name]
        accepted, rejected = chosen(events, int(unix_time_millis()), group.retention_in_days)
        return group.put_log_events(stream_name, accepted), rejected


def chosen(
    events: list[dict[str, Any]], now: int, retention_days: int | None
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Return the events of a batch in chronological order that are stored, and AWS's information about the others.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html: the ends are
    exclusive, the start is inclusive.
    """
    times = [event["timestamp"] for event in events]
    too_old = bisect_left(times, now - _OLDEST_MS)
    expired = bisect_left(times, now - int(retention_days) * _DAY_MS) if retention_days else 0
    too_new = bisect_right(times, now + _NEWEST_MS)
    rejected = {}
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired > too_old:
        rejected["expiredLogEventEndIndex"] = expired
    if too_new < len(events):
        rejected["tooNewLogEventStartIndex"] = too_new
    return events[max(too_old, expired) : too_new], rejected
