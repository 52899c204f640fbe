"""Log groups and metric filters."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.bindings import probe
from benchmarks.fidelity.verdicts import Seen
from harness.errors import TimedOutError
from harness.machine.waiting import poll

DAY_MS = 86_400_000
METRIC_DEADLINE = 75.0  # a metric may appear at the next full minute
FILTER = "aws_cloudwatch_log_metric_filter"


@probe("aws_cloudwatch_log_group", "retention_in_days")
def retention(bench: Bench) -> Seen:
    """An event older than the retention is rejected as expired, or cannot be read."""
    logs, group = bench.client("logs"), bench.name()
    logs.create_log_group(logGroupName=group)
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    logs.create_log_stream(logGroupName=group, logStreamName="probe")
    now = int(time.time() * 1000)
    responses = [
        logs.put_log_events(logGroupName=group, logStreamName="probe", logEvents=[{"timestamp": at, "message": text}])
        for at, text in ((now - 3 * DAY_MS, "old"), (now, "new"))  # a batch may not span more than a day
    ]
    read = logs.get_log_events(logGroupName=group, logStreamName="probe", startFromHead=True)["events"]
    expired = "expiredLogEventEndIndex" in responses[0].get("rejectedLogEventsInfo", {})
    kept = [event["message"] for event in read]
    what = "an event from three days ago, put with a retention of one day,"
    return Seen(expired or kept == ["new"], f"{what} is {'rejected' if expired else f'there ({len(kept)} of 2 are)'}")


@probe(
    FILTER, "log_group_name", "pattern",
    *(f"metric_transformation.{name}" for name in ("name", "namespace", "value")),
)  # fmt: skip
def metric_filter(bench: Bench) -> Seen:
    """A line that matches the pattern adds its value to the metric; other lines add nothing."""
    logs, group = bench.client("logs"), bench.name()
    logs.create_log_group(logGroupName=group)
    transformation = {"metricNamespace": group, "metricName": "invalid", "metricValue": "$.invalid", "unit": "Count"}
    logs.put_metric_filter(
        logGroupName=group, filterName=group, filterPattern='{ ($.message = "probe") && ($.invalid > 0) }',
        metricTransformations=[transformation],
    )  # fmt: skip
    logs.create_log_stream(logGroupName=group, logStreamName="probe")
    lines = [{"message": "probe", "invalid": 3}, {"message": "probe", "invalid": 0}, {"message": "else", "invalid": 5}]
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="probe", logEvents=events)
    try:
        poll(lambda: _points(bench, group), "the filter's metric", METRIC_DEADLINE, 1)
    except TimedOutError:
        return Seen(False, f"no metric within {METRIC_DEADLINE:.0f} s")
    total = sum(point["Sum"] for point in _points(bench, group))
    return Seen(total == 3, f"for three lines, one of them matching with value 3, the metric is {total:g}")


def _points(bench: Bench, group: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = bench.client("cloudwatch").get_metric_statistics(
        Namespace=group, MetricName="invalid", Period=60, Statistics=["Sum"],
        StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5),
    )["Datapoints"]  # fmt: skip
    return found
