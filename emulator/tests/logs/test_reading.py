"""FilterLogEvents and GetLogEvents.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws_valid
ARN = "arn:aws:logs:ap-south-1:000000000000:log-group:{}"


@pytest.fixture
def start() -> int:
    """The time of the first event, in milliseconds."""
    return int(time.time() * 1000) - 10_000


@pytest.fixture
def put(localstack: Any, group: str) -> Callable[[str, dict[int, str]], None]:
    """Puts messages with their times into a stream of the group."""

    def put_events(stream: str, messages: dict[int, str]) -> None:
        events = [{"timestamp": at, "message": message} for at, message in messages.items()]
        localstack.client("logs").put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)

    return put_events


@pytest.fixture
def two_streams(localstack: Any, group: str, put: Any, start: int) -> str:
    """The group, with events in two streams by turns."""
    localstack.client("logs").create_log_stream(logGroupName=group, logStreamName="two")
    put("one", {start: "0", start + 2: "2"})
    put("two", {start + 1: "1", start + 3: "3"})
    return group


def messages(answer: Any) -> list[str]:
    return [event["message"] for event in answer["events"]]


def test_the_events_of_all_streams_are_in_the_order_of_their_times(localstack: Any, two_streams: str) -> None:
    logs = localstack.client("logs")
    assert messages(logs.filter_log_events(logGroupName=two_streams)) == ["0", "1", "2", "3"]
    first = logs.filter_log_events(logGroupName=two_streams, limit=3)
    assert messages(first) == ["0", "1", "2"]
    assert messages(logs.filter_log_events(logGroupName=two_streams, nextToken=first["nextToken"])) == ["3"]


def test_streams_are_selected_by_names_or_by_a_prefix(localstack: Any, two_streams: str) -> None:
    logs = localstack.client("logs")

    def found(**streams: Any) -> list[str]:
        return messages(logs.filter_log_events(logGroupName=two_streams, **streams))

    assert found(logStreamNamePrefix="tw") == ["1", "3"]
    assert found(logStreamNames=["one"]) == ["0", "2"]
    assert found(logStreamNamePrefix="none") == []
    with pytest.raises(ClientError, match="InvalidParameterException"):
        found(logStreamNames=["one"], logStreamNamePrefix="tw")


def test_a_group_is_given_by_its_name_or_by_an_identifier(localstack: Any, two_streams: str) -> None:
    logs = localstack.client("logs")
    for identifier in (two_streams, ARN.format(two_streams)):
        assert len(messages(logs.filter_log_events(logGroupIdentifier=identifier))) == 4
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.filter_log_events(logGroupName=two_streams, logGroupIdentifier=two_streams)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.filter_log_events(logGroupIdentifier=f"{two_streams}-missing")


def test_the_end_of_a_stream_s_events_is_exclusive(localstack: Any, group: str, put: Any, start: int) -> None:
    put("one", {start + number: str(number) for number in range(4)})
    logs, times = localstack.client("logs"), {"startTime": start + 1, "endTime": start + 3}
    assert messages(logs.get_log_events(logGroupName=group, logStreamName="one", **times)) == ["1", "2"]
    assert messages(logs.filter_log_events(logGroupName=group, **times)) == ["1", "2", "3"]


def test_no_event_is_missed_after_the_token_of_an_empty_stream(
    localstack: Any, group: str, put: Any, start: int
) -> None:
    read, where = localstack.client("logs").get_log_events, {"logGroupName": group, "logStreamName": "one"}
    token = read(**where)["nextForwardToken"]
    put("one", {start: "first"})
    answer = read(**where, nextToken=token)
    assert messages(answer) == ["first"]
    before = read(**where, nextToken=answer["nextBackwardToken"])
    assert messages(before) == []
    assert messages(read(**where, nextToken=before["nextForwardToken"])) == ["first"]
    assert messages(read(**where, nextToken=answer["nextForwardToken"])) == []
