"""Which batches PutLogEvents refuses, and which events of a batch it stores.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
"""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.logs.batches import chosen

pytestmark = pytest.mark.aws_valid
HOUR = 3600 * 1000
DAY = 24 * HOUR
NOW = 1_800_000_000_000


def put(localstack: Any, group: str, *events: tuple[int, str]) -> Any:
    """Put events, each a time relative to now and a message."""
    now = int(time.time() * 1000)
    found = [{"timestamp": now + at, "message": message} for at, message in events]
    return localstack.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=found)


def test_a_batch_has_up_to_a_mebibyte(localstack: Any, group: str) -> None:
    put(localstack, group, (0, "x" * (2**20 - 26)))
    put(localstack, group, (0, "x" * 1000), (0, "x" * (2**20 - 1000 - 2 * 26)))
    with pytest.raises(ClientError, match="Upload too large: 1048577 bytes exceeds limit of 1048576") as refused:
        put(localstack, group, (0, "ä" + "x" * (2**20 - 26 - 1)))
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_batch_out_of_order_is_refused_for_its_order(localstack: Any, group: str) -> None:
    with pytest.raises(ClientError, match="must be in chronological order"):
        put(localstack, group, (0, "later"), (-2 * DAY, "earlier"))


def test_events_before_the_retention_are_not_stored(localstack: Any, group: str) -> None:
    logs = localstack.client("logs")
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    answer = put(localstack, group, (-DAY - HOUR, "expired"), (-DAY + HOUR, "kept"))
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 1}
    events = logs.get_log_events(logGroupName=group, logStreamName="one")["events"]
    assert [event["message"] for event in events] == ["kept"]


@pytest.mark.parametrize(
    ("times", "retention", "stored", "rejected"),
    [
        ([-14 * DAY, 0, 2 * HOUR], None, 3, {}),
        ([-14 * DAY - 1, 0], None, 1, {"tooOldLogEventEndIndex": 1}),
        ([-15 * DAY, -15 * DAY, -13 * DAY], 7, 0, {"tooOldLogEventEndIndex": 2, "expiredLogEventEndIndex": 3}),
        ([-20 * DAY, 0], 30, 1, {"tooOldLogEventEndIndex": 1}),
        ([0, 2 * HOUR + 1, 3 * HOUR], None, 1, {"tooNewLogEventStartIndex": 1}),
    ],
)
def test_the_ends_of_rejected_events(
    times: list[int], retention: int | None, stored: int, rejected: dict[str, int]
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html"""
    accepted, information = chosen([{"timestamp": NOW + at, "message": "m"} for at in times], NOW, retention)
    assert (len(accepted), information) == (stored, rejected)
