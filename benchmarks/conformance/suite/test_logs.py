"""Log groups: patterns, subscriptions, metrics, and the logs of functions."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid


def put(calls: Any, group: str, *lines: str) -> None:
    """Put lines into a group's stream."""
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    calls.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)


def metric(calls: Any, namespace: str, name: str, **dimensions: str) -> float:
    """The sum of a metric in the last minutes."""
    now = datetime.now(UTC)
    points = calls.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=name, StartTime=now - timedelta(minutes=10), EndTime=now + timedelta(minutes=5),
        Period=3600, Statistics=["Sum"],
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
    )["Datapoints"]  # fmt: skip
    return float(sum(point["Sum"] for point in points))


def test_a_name_is_used_once(calls: Any) -> None:
    """CreateLogGroup with the name of an existing group: ResourceAlreadyExistsException.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    """
    refused(calls.client("logs").create_log_group, "ResourceAlreadyExistsException", logGroupName=calls.group())


def test_a_missing_group(calls: Any) -> None:
    """A group that does not exist: ResourceNotFoundException.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html
    """
    refused(calls.client("logs").delete_log_group, "ResourceNotFoundException", logGroupName=f"/{calls.name()}")


def test_retention_is_one_of_a_list(calls: Any) -> None:
    """A retention that is not one of the documented numbers of days is refused.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    """
    group, logs = calls.group(), calls.client("logs")
    logs.put_retention_policy(logGroupName=group, retentionInDays=14)
    refused(
        logs.put_retention_policy, "InvalidParameterException", "ValidationException",
        logGroupName=group, retentionInDays=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("ERROR", ["an ERROR"]),
        ("?ERROR ?plain", ["an ERROR", "plain text"]),
        ("-ERROR -level", ["plain text"]),
        ('{ $.level = "WARN" && $.ms > 10 }', ['{"level": "WARN", "ms": 20}']),
        ("{ $.ms = 5 || $.missing NOT EXISTS && $.ms < 6 }", ['{"level": "WARN", "ms": 5}']),
    ],
)
def test_patterns(calls: Any, pattern: str, expected: list[str]) -> None:
    """FilterLogEvents returns the events that match words, or conditions on JSON.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    group = calls.group()
    put(calls, group, "an ERROR", "plain text", '{"level": "WARN", "ms": 20}', '{"level": "WARN", "ms": 5}')

    def found() -> list[str]:
        answer = calls.client("logs").filter_log_events(logGroupName=group, filterPattern=pattern)
        return [event["message"] for event in answer["events"]]

    calls.target.eventually(lambda: len(calls.lines(group)) == 4, "four events")
    assert found() == expected, f"{pattern}: {found()}"


def test_an_invalid_pattern(calls: Any) -> None:
    """An invalid pattern: InvalidParameterException.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
    """
    refused(
        calls.client("logs").put_metric_filter, "InvalidParameterException", logGroupName=calls.group(),
        filterName="x", filterPattern="{ $.a = }",
        metricTransformations=[{"metricNamespace": "x", "metricName": "x", "metricValue": "1"}],
    )  # fmt: skip


def test_a_metric_filter(calls: Any) -> None:
    """A metric filter counts the matching events of its group, with the value that a field has.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
    """
    group, namespace = calls.group(), calls.name()
    calls.client("logs").put_metric_filter(
        logGroupName=group, filterName="sales", filterPattern="{ $.sales = * }",
        metricTransformations=[{"metricNamespace": namespace, "metricName": "Sales", "metricValue": "$.sales"}],
    )  # fmt: skip
    put(calls, group, '{"sales": 3}', "no JSON", '{"sales": 4}', '{"other": 9}')
    calls.target.eventually(lambda: metric(calls, namespace, "Sales"), "the metric", 90)
    assert metric(calls, namespace, "Sales") == 7, f"{metric(calls, namespace, 'Sales')}"


def test_embedded_metrics(calls: Any) -> None:
    """Metrics in the embedded metric format are extracted from log events.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    group, namespace = calls.group(), calls.name()
    directive = {"Namespace": namespace, "Dimensions": [["store"]], "Metrics": [{"Name": "sales", "Unit": "Count"}]}
    metadata = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    put(calls, group, json.dumps({"_aws": metadata, "store": "7", "sales": 3}))
    calls.target.eventually(lambda: metric(calls, namespace, "sales", store="7"), "the metric", 90)


def test_a_subscription(calls: Any) -> None:
    """A subscription filter delivers matching events to a stream, as JSON that is compressed once.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    iam, name, group, stream = calls.client("iam"), calls.name(), calls.group(), calls.stream()
    trust = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allowed = {"Effect": "Allow", "Action": "kinesis:PutRecord", "Resource": calls.arn_of(stream)}
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    try:
        calls.client("logs").put_subscription_filter(
            logGroupName=group, filterName="errors", filterPattern="ERROR", destinationArn=calls.arn_of(stream),
            roleArn=role,
        )  # fmt: skip
        put(calls, group, "fine", "an ERROR")

        def documents() -> list[Any]:
            where = calls.iterator(stream, calls.shards(stream)[0]["ShardId"])
            records = calls.client("kinesis").get_records(ShardIterator=where)["Records"]
            found = [json.loads(gzip.decompress(record["Data"])) for record in records]
            return [each for each in found if each["messageType"] == "DATA_MESSAGE"]

        (found,) = calls.target.eventually(documents, "a document in the stream")
        assert [event["message"] for event in found["logEvents"]] == ["an ERROR"], f"{found}"
        assert (found["logGroup"], found["logStream"]) == (group, "one"), f"{found}"
        assert found["subscriptionFilters"] == ["errors"], f"{found}"
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="p")
        iam.delete_role(RoleName=name)


def test_a_function_needs_to_allow_it(calls: Any) -> None:
    """A subscription to a function that does not let CloudWatch Logs call it is refused.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html
    """
    name = calls.function("def handler(event, context):\n    pass\n")
    arn = calls.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    refused(
        calls.client("logs").put_subscription_filter, "InvalidParameterException", logGroupName=calls.group(),
        filterName="x", filterPattern="", destinationArn=arn,
    )  # fmt: skip


def test_a_function_logs_json(calls: Any) -> None:
    """LogFormat JSON with levels and a LogGroup: records as JSON in that group, without lower levels.

    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html
    """
    group = calls.group()
    config = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "INFO", "LogGroup": group}
    name = calls.function(
        """
        import logging
        def handler(event, context):
            logging.getLogger().info("below")
            logging.getLogger().warning("warned")
        """,
        LoggingConfig=config,
    )
    calls.invoke(name)
    calls.target.eventually(lambda: any("warned" in line for line in calls.lines(group)), "the record")
    calls.target.eventually(lambda: any("platform.report" in line for line in calls.lines(group)), "the report")
    documents = [json.loads(line) for line in calls.lines(group)]
    (record,) = [each for each in documents if each.get("message") == "warned"]
    assert record["level"] in ("WARN", "WARNING"), f"{record}"
    assert not [each for each in documents if each.get("message") == "below"], "a record below the level is there"
