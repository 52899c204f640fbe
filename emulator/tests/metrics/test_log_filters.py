"""Metric filters: which lines count, and with which value."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from pipeline_emulator.metrics import log_pattern

pytestmark = pytest.mark.local_only

INVALID = '{ ($.message = "batch processed") && ($.invalid > 0) }'


@pytest.mark.parametrize(
    ("pattern", "line", "matches"),
    [
        (INVALID, {"message": "batch processed", "invalid": 2}, True),
        (INVALID, {"message": "batch processed", "invalid": 0}, False),
        (INVALID, {"message": "another", "invalid": 2}, False),
        (INVALID, {"message": "batch processed"}, False),
        (INVALID, {"message": "batch processed", "invalid": "2"}, False),
        (INVALID, {"message": "batch processed", "invalid": True}, False),
        ("{ $.a.b != 1 }", {"a": {"b": 2}}, True),
        ("{ $.a.b <= -1.5 }", {"a": {"b": -1.5}}, True),
        ("{ $.a >= 1 }", ["a"], False),
    ],
)
def test_line_matches_if_all_comparisons_hold(pattern: str, line: Any, matches: bool) -> None:
    assert (log_pattern.parse(pattern).match(json.dumps(line)) is not None) is matches


def test_line_without_json_does_not_match() -> None:
    assert log_pattern.parse(INVALID).match("START RequestId: 1") is None


@pytest.mark.parametrize(
    "pattern", ["ERROR", "", "[a, b]", "{ $.a = 1 || $.b = 2 }", '{ $.a = "x*" }', '{ $.a > "x" }', "{ $.a IS NULL }"]
)
def test_unsupported_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(log_pattern.PatternError):
        log_pattern.parse(pattern)


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
