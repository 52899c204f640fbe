"""Metric filters: which lines count, and with which value."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only

INVALID = '{ ($.message = "batch processed") && ($.invalid > 0) }'


def test_only_lines_of_the_group_count_with_the_value_of_the_named_field(
    localstack: Any, read_metric: Callable[..., dict[str, float]]
) -> None:
    logs, name = localstack.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    for group in (name, f"{name}-other"):
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
    for _ in range(2):  # the second put changes the filter and does not add another
        logs.put_metric_filter(
            logGroupName=name,
            filterName="invalid",
            filterPattern=INVALID,
            metricTransformations=[{"metricNamespace": name, "metricName": "Invalid", "metricValue": "$.invalid"}],
        )
    for group, invalid in ((name, 3), (name, 0), (name, 4), (f"{name}-other", 5)):
        line = json.dumps({"message": "batch processed", "invalid": invalid})
        logs.put_log_events(
            logGroupName=group, logStreamName="one", logEvents=[{"timestamp": int(time.time() * 1000), "message": line}]
        )
    found = read_metric(name, "Invalid")
    assert (found["Sum"], found["SampleCount"]) == (7, 2)
    assert len(logs.get_log_events(logGroupName=name, logStreamName="one")["events"]) == 3


@pytest.fixture
def put(localstack: Any) -> Callable[..., str]:
    """Makes a log group with a metric filter and puts lines into it; returns the group's name and metric namespace."""
    logs, name = localstack.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")

    def make(pattern: str, lines: list[str], **transformation: Any) -> str:
        metric = {"metricNamespace": name, "metricName": "Sold", **transformation}
        logs.put_metric_filter(
            logGroupName=name, filterName="one", filterPattern=pattern, metricTransformations=[metric]
        )
        now = int(time.time() * 1000)
        logs.put_log_events(
            logGroupName=name,
            logStreamName="one",
            logEvents=[{"timestamp": now, "message": line} for line in lines],
        )
        return name

    return make


def test_the_fields_of_a_line_are_the_metrics_dimensions(
    put: Callable[..., str], read_metric: Callable[..., dict[str, float]]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html"""
    lines = [json.dumps({"sold": sold, "store": store}) for sold, store in ((3, 1), (4, 1), (5, 2), (6, None))]
    name = put("{ $.sold > 0 }", lines, metricValue="$.sold", dimensions={"Store": "$.store"})
    assert read_metric(name, "Sold", Store="1")["Sum"] == 7
    assert read_metric(name, "Sold", Store="2")["Sum"] == 5
    assert read_metric(name, "Sold") == {}


def test_the_columns_of_a_line_are_the_metrics_dimensions(
    put: Callable[..., str], read_metric: Callable[..., dict[str, float]]
) -> None:
    name = put("[store, sold]", ["a 3", "b 4"], metricValue="$sold", dimensions={"Store": "$store"})
    assert read_metric(name, "Sold", Store="b")["Sum"] == 4


def test_the_default_counts_where_nothing_matches(
    put: Callable[..., str], read_metric: Callable[..., dict[str, float]]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html"""
    name = put("sold", ["nothing", "at all"], metricValue="1", defaultValue=0.0)
    found = read_metric(name, "Sold")
    assert (found["Sum"], found["SampleCount"]) == (0, 1)


def test_a_metric_has_the_filters_unit(localstack: Any, put: Callable[..., str]) -> None:
    name = put("sold", ["sold"], metricValue="1", unit="Seconds")
    cloudwatch, now = localstack.client("cloudwatch"), time.time()
    found = cloudwatch.get_metric_statistics(
        Namespace=name, MetricName="Sold", StartTime=now - 600, EndTime=now + 600, Period=3600, Statistics=["Sum"]
    )
    assert [one["Unit"] for one in found["Datapoints"]] == ["Seconds"]


def test_a_pattern_must_be_valid(localstack: Any) -> None:
    logs, name = localstack.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    with pytest.raises(ClientError, match="Invalid filter pattern"):
        logs.put_metric_filter(
            logGroupName=name,
            filterName="invalid",
            filterPattern="{ $.a }",
            metricTransformations=[{"metricNamespace": name, "metricName": "Invalid", "metricValue": "1"}],
        )
