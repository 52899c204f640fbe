"""EventBridge Scheduler: schedules run.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline_emulator.scheduler.expressions import following

OFF = {"Mode": "OFF"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.local_only
@pytest.mark.parametrize(
    ("expression", "zone", "expected"),
    [
        ("at(2026-12-01T12:00:00)", "UTC", ["2026-12-01T12:00"]),
        ("at(2026-12-01T12:00:00)", "Asia/Kolkata", ["2026-12-01T06:30"]),
        ("at(2026-11-01T12:00:00)", "UTC", []),
        ("rate(5 minutes)", "UTC", ["2026-11-30T10:05", "2026-11-30T10:10"]),
        ("rate(1 day)", "UTC", ["2026-12-01T10:00", "2026-12-02T10:00"]),
        ("cron(0/15 9-10 * * ? *)", "UTC", ["2026-11-30T10:15", "2026-11-30T10:30"]),
        ("cron(45 9-10/1 * * ? *)", "UTC", ["2026-11-30T10:45", "2026-12-01T09:45"]),
        ("cron(15 10 ? * 6L 2026-2027)", "UTC", ["2026-12-25T10:15", "2027-01-29T10:15"]),
        ("cron(0 18 ? * MON-FRI *)", "UTC", ["2026-11-30T18:00", "2026-12-01T18:00"]),
        ("cron(0 8 1 * ? *)", "Europe/Berlin", ["2026-12-01T07:00", "2027-01-01T07:00"]),
        ("cron(0 8 L FEB ? *)", "UTC", ["2027-02-28T08:00", "2028-02-29T08:00"]),
        ("cron(0 8 ? * TUE#2 *)", "UTC", ["2026-12-08T08:00", "2027-01-12T08:00"]),
        ("cron(0 8 15W 8 ? *)", "UTC", ["2027-08-16T08:00", "2028-08-15T08:00"]),
        ("cron(30 2 28 3 ? 2027)", "Europe/Berlin", []),  # daylight saving time leaves it out
        ("cron(0 8 1 1 ? 2020)", "UTC", []),
    ],
)  # fmt: skip
def test_times_of_an_expression(expression: str, zone: str, expected: list[str]) -> None:
    start = after = at("2026-11-30T10:00:30" if expression.startswith("cron") else "2026-11-30T10:00")
    found: list[datetime] = []
    while len(found) < len(expected) and (due := following(expression, zone, start, after)):
        found.append(due)
        after = due
    assert found == [at(one) for one in expected]
    if not expected:
        assert following(expression, zone, start, after) is None


@pytest.fixture
def role(localstack: Any) -> Callable[..., str]:
    """Return a function that creates a role for Scheduler with some permissions."""
    iam = localstack.client("iam")

    def create(*actions: str) -> str:
        name = f"scheduler-{uuid.uuid4().hex[:8]}"
        trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy)
        return str(arn)

    return create


@pytest.fixture
def schedule(localstack: Any) -> Iterator[Callable[..., str]]:
    """Return a function that creates a schedule and returns its name."""
    client, made = localstack.client("scheduler"), []

    def create(expression: str, **arguments: Any) -> str:
        name = f"s-{uuid.uuid4().hex[:8]}"
        client.create_schedule(Name=name, ScheduleExpression=expression, FlexibleTimeWindow=OFF, **arguments)
        made.append(name)
        return name

    yield create
    left = {one["Name"] for one in client.list_schedules()["Schedules"]}
    for name in left & set(made):
        client.delete_schedule(Name=name)


class Queue:
    """A queue for targets."""

    def __init__(self, localstack: Any) -> None:
        self._sqs, name = localstack.client("sqs"), f"q-{uuid.uuid4().hex[:8]}"
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:ap-south-1:000000000000:{name}"

    def bodies(self, seconds: int = 10) -> list[str]:
        """Return what has arrived, and wait for the first."""
        found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=seconds)
        messages = found.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]


def soon(seconds: float = 2) -> str:
    return f"at({datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


@pytest.mark.aws_valid
def test_a_one_time_schedule_runs_once_and_is_deleted(
    localstack: Any, role: Any, schedule: Any, eventually: Callable[..., Any]
) -> None:
    queue, text = Queue(localstack), '{"arn": "<aws.scheduler.schedule-arn>", "n": "<aws.scheduler.attempt-number>"}'
    target = {"Arn": queue.arn, "RoleArn": role("sqs:SendMessage"), "Input": text}
    kept = schedule(soon(), Target=target)
    gone = schedule(soon(), Target=target, ActionAfterCompletion="DELETE")
    found = [json.loads(body) for body in (*queue.bodies(), *queue.bodies(2))]
    assert sorted(one["arn"].rpartition("/")[2] for one in found) == sorted([kept, gone])
    assert {one["n"] for one in found} == {"1"}
    client = localstack.client("scheduler")
    eventually(lambda: gone not in {one["Name"] for one in client.list_schedules()["Schedules"]}, "it is deleted")
    assert client.get_schedule(Name=kept)["State"] == "ENABLED"
    assert queue.bodies(1) == []


@pytest.mark.aws_valid
def test_a_rate_begins_at_once_or_at_its_start(localstack: Any, role: Any, schedule: Any) -> None:
    queue, now = Queue(localstack), datetime.now(UTC)
    target = {"Arn": queue.arn, "RoleArn": role("sqs:SendMessage")}
    schedule("rate(1 minute)", Target=target | {"Input": "disabled"}, State="DISABLED")
    schedule("rate(1 minute)", Target=target | {"Input": "later"}, StartDate=now + timedelta(hours=1))
    schedule("rate(1 minute)", Target=target | {"Input": "over"}, EndDate=now - timedelta(hours=1))
    name = schedule("rate(1 minute)", Target=target)
    (body,) = queue.bodies()
    event = json.loads(body)
    assert (event["source"], event["detail-type"], event["detail"]) == ("aws.scheduler", "Scheduled Event", "{}")
    assert [one.rpartition("/")[2] for one in event["resources"]] == [name]
    assert queue.bodies(2) == []


@pytest.mark.aws_valid
def test_a_schedule_calls_functions_topics_and_streams(
    localstack: Any, role: Any, schedule: Any, create_function: Any, create_stream: Any, eventually: Any
) -> None:
    everything = role("lambda:InvokeFunction", "sns:Publish", "kinesis:PutRecord")
    function = create_function("def handler(event, context):\n    print('got', event['n'])\n")
    schedule(soon(0), Target={"Arn": function.arn, "RoleArn": everything, "Input": '{"n": 7}'})
    stream, kinesis = create_stream(), localstack.client("kinesis")
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
    parameters = {"KinesisParameters": {"PartitionKey": "a"}}
    schedule(soon(0), Target={"Arn": arn, "RoleArn": everything, "Input": "record", **parameters})
    queue, sns = Queue(localstack), localstack.client("sns")
    topic = sns.create_topic(Name=f"t-{uuid.uuid4().hex[:8]}")["TopicArn"]
    allow(localstack, queue)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    schedule(soon(0), Target={"Arn": topic, "RoleArn": everything, "Input": "message"})
    eventually(lambda: "got 7\n" in function.log_events(), "the function is called")
    assert queue.bodies() == ["message"]
    shard = kinesis.list_shards(StreamName=stream)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
    assert [(one["PartitionKey"], one["Data"]) for one in records] == [("a", b"record")]


def allow(localstack: Any, queue: Queue) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    localstack.client("sqs").set_queue_attributes(QueueUrl=queue._url, Attributes={"Policy": policy})


@pytest.mark.aws_valid
def test_what_the_role_may_not_do_goes_to_the_dead_letter_queue(
    localstack: Any, role: Any, schedule: Any, create_function: Any
) -> None:
    queue, function = Queue(localstack), create_function("def handler(event, context):\n    print('got')\n")
    dead = {"DeadLetterConfig": {"Arn": queue.arn}, "RetryPolicy": {"MaximumRetryAttempts": 0}}
    schedule(soon(0), Target={"Arn": function.arn, "RoleArn": role("sqs:SendMessage"), "Input": '"in"', **dead})
    assert queue.bodies() == ['"in"']
    assert function.log_events() == []


@pytest.mark.aws_valid
def test_a_changed_schedule_runs_at_its_new_time(localstack: Any, role: Any, schedule: Any) -> None:
    queue, client = Queue(localstack), localstack.client("scheduler")
    target = {"Arn": queue.arn, "RoleArn": role("sqs:SendMessage"), "Input": "x"}
    name = schedule(soon(3600), Target=target)
    assert queue.bodies(1) == []
    client.update_schedule(Name=name, ScheduleExpression=soon(), FlexibleTimeWindow=OFF, Target=target)
    assert queue.bodies() == ["x"]
