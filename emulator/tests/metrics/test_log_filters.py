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
