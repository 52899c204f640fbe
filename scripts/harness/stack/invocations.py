"""Finds the log lines of one invocation of a function."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

LATE_MS = 2_000  # a line may come this long after the attempt that wrote it
_REPORT = re.compile(r'REPORT RequestId:|\{.*"platform\.report"')  # as text, and as JSON


def log(client: CloudWatchLogsClient, group: str, attempt: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the log lines of one invocation: an environment writes to a stream of its own, one event after the other.

    Args:
        client: of the stack's account and region.
        group: the function's log group.
        attempt: as the emulator describes it.
    """
    request_id = attempt.get("request_id")
    if not request_id:
        return []
    begin, end = int(attempt["started"] * 1000) - LATE_MS, int(attempt["ended"] * 1000) + LATE_MS
    where: Any = {"logGroupName": group, "startTime": begin, "endTime": end}
    try:
        named = client.filter_log_events(**where, filterPattern=f'"{request_id}"', limit=1)["events"]
        if not named:
            return []
        lines = client.get_log_events(**where, logStreamName=named[0]["logStreamName"], startFromHead=True)["events"]
    except ClientError:  # the group does not exist yet
        return []
    return [{"at": line["timestamp"] / 1000, "text": line["message"].rstrip()} for line in _own(lines, request_id)]


def _own(lines: list[Any], request_id: str) -> list[Any]:
    """Return the lines of an invocation, without those of others.

    They begin after the former report: what an environment writes when it starts, such as a failed import, names no
    invocation.
    """
    named = [number for number, line in enumerate(lines) if request_id in line["message"]]
    if not named:
        return []
    before = [line["message"] for line in lines[: named[0]]]
    first = max((number + 1 for number, text in enumerate(before) if _REPORT.match(text)), default=0)
    return lines[first : named[-1] + 1]
