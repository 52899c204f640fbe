"""PutMetricFilter and DeleteMetricFilter.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws_valid
METRIC = {"metricName": "sold", "metricNamespace": "Shop", "metricValue": "1"}


def put(localstack: Any, group: str, pattern: str = "sold", **metric: Any) -> None:
    localstack.client("logs").put_metric_filter(
        logGroupName=group, filterName="one", filterPattern=pattern, metricTransformations=[METRIC | metric]
    )


def test_a_filter_replaces_the_one_of_its_name(localstack: Any, group: str) -> None:
    for pattern in ("sold", "bought"):
        put(localstack, group, pattern)
    (found,) = localstack.client("logs").describe_metric_filters(logGroupName=group)["metricFilters"]
    assert found["filterPattern"] == "bought"
    assert found["applyOnTransformedLogs"] is False
    assert abs(found["creationTime"] / 1000 - time.time()) < 60


def test_a_missing_group_or_filter_is_an_error(localstack: Any, group: str) -> None:
    logs = localstack.client("logs")
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match=r"The specified log group does not exist\."):
        put(localstack, f"{group}-missing")
    for name in (group, f"{group}-missing"):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            logs.delete_metric_filter(logGroupName=name, filterName="one")
    put(localstack, group)
    logs.delete_metric_filter(logGroupName=group, filterName="one")
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []


def test_a_metric_has_up_to_three_dimensions_and_no_default_with_them(localstack: Any, group: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html"""
    pattern = "{ $.a = 1 }"
    put(localstack, group, pattern, dimensions={name: f"$.{name}" for name in "abc"})
    put(localstack, group, pattern, defaultValue=0)
    for refused in (
        {"dimensions": {name: f"$.{name}" for name in "abcd"}},
        {"dimensions": {"a": "$.a"}, "defaultValue": 0},
    ):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            put(localstack, group, pattern, **refused)


@pytest.mark.parametrize("pattern", ["ERROR", "?ERROR ?WARN", '"an error"', "%ERR%", ""])
def test_dimensions_need_a_pattern_with_fields(localstack: Any, group: str, pattern: str) -> None:
    """https://github.com/hashicorp/terraform-provider-aws/issues/22105"""
    text = "InvalidParameterException.*The specified filter pattern does not support dimensions"
    with pytest.raises(ClientError, match=text):
        put(localstack, group, pattern, dimensions={"a": "$.a"})
    put(localstack, group, "[a, ...]", dimensions={"a": "$a"})


def test_the_error_names_the_character_that_needs_quotes(localstack: Any, group: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterException.*Invalid character\(s\) in term ':'"):
        put(localstack, group, "Status: timeout")


def test_a_namespace_may_have_a_colon(localstack: Any, group: str) -> None:
    """Recorded on AWS by LocalStack's authors."""
    namespace = "A.B-c_d/1#2:metricNamespace"
    put(localstack, group, metricNamespace=namespace)
    (found,) = localstack.client("logs").describe_metric_filters(metricName="sold", metricNamespace=namespace)[
        "metricFilters"
    ]
    assert found["metricTransformations"][0]["metricNamespace"] == namespace


@pytest.mark.parametrize(
    ("pattern", "messages", "expected"),
    [
        (
            '{ $.level = "ERROR" && $.store EXISTS }',
            ['{"level": "ERROR", "store": 5}', '{"level": "ERROR"}', "ERROR"],
            {1: {"$.level": "ERROR", "$.store": "5"}},
        ),
        (
            "[host, ..., status = 4*, size]",
            ["127.0.0.1 GET /x 200 17", "127.0.0.1 GET /y 404 18"],
            {2: {"$host": "127.0.0.1", "$status": "404", "$size": "18"}},
        ),
        ("ERROR", ["an ERROR", "none"], {1: {}}),
        ("", ["anything"], {1: {}}),
    ],
)
def test_a_filter_can_be_tried_on_messages(
    localstack: Any, pattern: str, messages: list[str], expected: dict[int, dict[str, str]]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html"""
    found = localstack.client("logs").test_metric_filter(filterPattern=pattern, logEventMessages=messages)["matches"]
    assert {one["eventNumber"]: one["extractedValues"] for one in found} == expected
    assert [one["eventMessage"] for one in found] == [messages[number - 1] for number in expected]


def test_a_pattern_to_try_must_be_valid(localstack: Any) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException"):
        localstack.client("logs").test_metric_filter(filterPattern="{ $.a }", logEventMessages=["x"])
