"""Queries of Logs Insights: what they return, and that those are refused that the emulator does not support."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only


@pytest.fixture
def events(localstack: Any, group: str) -> list[int]:
    """The times of three events, in milliseconds."""
    now = int(time.time()) * 1000
    times = [now - 5000, now - 4999, now - 1]
    localstack.client("logs").put_log_events(
        logGroupName=group, logStreamName="one", logEvents=[{"timestamp": at, "message": f"m{at}"} for at in times]
    )
    return times


def results(localstack: Any, group: str, query: str) -> list[dict[str, str]]:
    logs, now = localstack.client("logs"), int(time.time())
    made = logs.start_query(logGroupName=group, startTime=now - 60, endTime=now, queryString=query)
    found = logs.get_query_results(queryId=made["queryId"])["results"]
    return [{field["field"]: field["value"] for field in row} for row in found]


def test_fields_order_and_limit(localstack: Any, group: str, events: list[int]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html"""
    texts = [f"m{at}" for at in events]
    found = results(localstack, group, "fields @timestamp, @message | sort @timestamp desc | limit 2")
    assert [row["@message"] for row in found] == texts[:0:-1]
    assert found[0]["@timestamp"].endswith(".999")
    assert set(found[0]) == {"@timestamp", "@message", "@ptr"}
    ascending = results(localstack, group, "sort\t@timestamp asc\n| FIELDS @message,@log,@logStream")
    assert [row["@message"] for row in ascending] == texts
    assert (ascending[0]["@log"], ascending[0]["@logStream"]) == (f"000000000000:{group}", "one")


def test_statistics_count_what_the_limit_leaves_out(localstack: Any, group: str, events: list[int]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_QueryStatistics.html"""
    logs, now = localstack.client("logs"), int(time.time())
    for start, count in ((now - 60, len(events)), (now + 60, 0)):
        made = logs.start_query(logGroupName=group, startTime=start, endTime=now + 60, queryString="limit 2")
        statistics = logs.get_query_results(queryId=made["queryId"])["statistics"]
        assert (statistics["recordsMatched"], statistics["recordsScanned"]) == (count, count)
        assert statistics["bytesScanned"] == sum(len(f"m{at}") for at in events[:count])
        assert statistics["logGroupsScanned"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "fields @message | filter @message like /m/",
        "stats count(*) by bin(1h)",
        "fields @message | parse @message '*' as x",
        "fields level",
        "sort level asc",
        "limit 0",
        "limit",
        "this is not a query",
        "fields @message |",
    ],
)
def test_what_is_not_supported_is_refused(localstack: Any, group: str, query: str) -> None:
    """moto returns every event for such a query."""
    with pytest.raises(ClientError, match="The emulator does not support this part of a query") as refused:
        results(localstack, group, query)
    assert refused.value.response["Error"]["Code"] == "MalformedQueryException"


def test_groups_are_given_by_name_or_identifier(localstack: Any, group: str, events: list[int]) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html"""
    logs, now = localstack.client("logs"), int(time.time())
    arn = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"][0]["arn"]
    query = {"startTime": now - 60, "endTime": now, "queryString": "fields @message"}
    for named in ({"logGroupNames": [group]}, {"logGroupIdentifiers": [group]}, {"logGroupIdentifiers": [arn[:-2]]}):
        made = logs.start_query(**named, **query)
        assert len(logs.get_query_results(queryId=made["queryId"])["results"]) == len(events)


def test_groups_that_are_not_clear_or_missing_are_refused(localstack: Any, group: str) -> None:
    logs = localstack.client("logs")
    query = {"startTime": 1, "endTime": 2, "queryString": "fields @message"}
    unclear: list[dict[str, Any]] = [{}, {"logGroupName": group, "logGroupIdentifiers": [group]}]
    missing: list[dict[str, Any]] = [{"logGroupName": "none"}, {"logGroupIdentifiers": [group, "none"]}]
    for named in unclear:
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.start_query(**named, **query)
    for named in missing:
        with pytest.raises(logs.exceptions.ResourceNotFoundException):
            logs.start_query(**named, **query)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_query_results(queryId="none")
