"""Services that deliver to queues and topics need the permission of their policies.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest

pytestmark = pytest.mark.local_only
REGION, OTHER = "ap-south-1", "111111111111"


class Queue:
    """A queue, with a policy that lets a service send for one source."""

    def __init__(self, client: Any, name: str) -> None:
        self._sqs, self._bodies = client, list[str]()
        self.url = client.create_queue(QueueName=name)["QueueUrl"]
        self.arn = client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def allow(self, service: str, condition: dict[str, Any]) -> None:
        """Replace the policy."""
        statement = {
            "Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sqs:SendMessage",
            "Resource": self.arn, "Condition": condition,
        }  # fmt: skip
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def received(self) -> list[str]:
        """Receive what is there. Return all bodies so far, sorted."""
        answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        self._bodies += [message["Body"] for message in answer.get("Messages", [])]
        return sorted(self._bodies)


@pytest.fixture
def queue(root: Any) -> Queue:
    return Queue(root("sqs"), f"to-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def refused(denials: Callable[..., list[dict[str, Any]]]) -> Callable[[str, str], int]:
    """Return a function that counts a service's denials for a resource."""
    return lambda service, arn: sum(
        each["count"] for each in denials(f"{service}.amazonaws.com") if each["resource"] == arn
    )


def test_a_topic_sends_only_to_a_queue_that_lets_it(
    root: Any, queue: Queue, eventually: Callable[..., Any], refused: Callable[[str, str], int]
) -> None:
    sns = root("sns")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    entries = [{"Id": "1", "Message": "batch"}]
    sns.publish(TopicArn=topic, Message="one")
    eventually(lambda: refused("sns", queue.arn) == 1, "a message is refused")
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    eventually(lambda: refused("sns", queue.arn) == 2, "a batch is refused")
    queue.allow("sns", {"ArnEquals": {"aws:SourceArn": f"{topic}-other"}})
    sns.publish(TopicArn=topic, Message="one")
    eventually(lambda: refused("sns", queue.arn) == 3, "another topic is meant")
    assert queue.received() == []
    queue.allow("sns", {"ArnEquals": {"aws:SourceArn": topic}, "StringEquals": {"aws:SourceAccount": "000000000000"}})
    sns.publish(TopicArn=topic, Message="one")
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    eventually(lambda: queue.received() == ["batch", "one"], "both arrive")


def test_a_topic_of_another_account_is_that_accounts(
    localstack: Any, queue: Queue, root: Any, eventually: Callable[..., Any], refused: Callable[[str, str], int]
) -> None:
    keys = {"aws_access_key_id": OTHER, "aws_secret_access_key": "any", "region_name": REGION}
    sns = boto3.client("sns", endpoint_url=localstack.endpoint_url, **keys)
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    queue.allow("sns", {"StringEquals": {"aws:SourceAccount": "000000000000"}})
    sns.publish(TopicArn=topic, Message="theirs")
    eventually(lambda: refused("sns", queue.arn) == 1, "the account is another")
    queue.allow("sns", {"StringEquals": {"aws:SourceAccount": OTHER}})
    sns.publish(TopicArn=topic, Message="theirs")
    eventually(lambda: queue.received() == ["theirs"], "it arrives")


def test_a_dead_letter_queue_is_asked(
    root: Any, queue: Queue, eventually: Callable[..., Any], refused: Callable[[str, str], int]
) -> None:
    sns, dead = root("sns"), Queue(root("sqs"), f"dead-{uuid.uuid4().hex[:8]}")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    attributes = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead.arn})}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes=attributes)
    sns.publish(TopicArn=topic, Message="m")
    eventually(lambda: refused("sns", queue.arn) and refused("sns", dead.arn), "both queues refuse")
    dead.allow("sns", {})
    sns.publish(TopicArn=topic, Message="m")
    eventually(lambda: dead.received(), "the message that the queue refuses arrives in the other")


def test_a_rule_sends_only_to_a_queue_and_a_topic_that_let_it(
    root: Any, queue: Queue, eventually: Callable[..., Any], refused: Callable[[str, str], int]
) -> None:
    events, sns, name = root("events"), root("sns"), f"rule-{uuid.uuid4().hex[:8]}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue.arn}, {"Id": "topic", "Arn": topic}])
    entry = {"Source": name, "DetailType": "sold", "Detail": "{}"}
    events.put_events(Entries=[entry])
    eventually(lambda: refused("events", queue.arn) and refused("events", topic), "both refuse")
    assert queue.received() == []
    queue.allow("events", {"ArnEquals": {"aws:SourceArn": rule}})
    events.put_events(Entries=[entry])
    eventually(lambda: queue.received(), "the event arrives")


@pytest.fixture
def alarm(root: Any) -> Callable[..., str]:
    """Return a function that sets off a new alarm with one action, and returns the alarm's ARN."""

    def set_off(action: str, name: str = "") -> str:
        cloudwatch, name = root("cloudwatch"), name or f"alarm-{uuid.uuid4().hex[:8]}"
        cloudwatch.put_metric_alarm(
            AlarmName=name, Namespace="n", MetricName="m", Period=60, EvaluationPeriods=1, Threshold=1,
            Statistic="Sum", ComparisonOperator="GreaterThanThreshold", AlarmActions=[action],
        )  # fmt: skip
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
        return str(cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["AlarmArn"])

    return set_off


def test_an_alarm_is_published_only_to_a_topic_that_lets_it(
    root: Any, queue: Queue, alarm: Callable[..., str], eventually: Callable[..., Any], refused: Any
) -> None:
    """A topic's default policy does: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html."""
    sns = root("sns")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    queue.allow("sns", {})
    assert alarm(topic)
    eventually(lambda: len(queue.received()) == 1, "the alarm arrives")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    assert alarm(topic)
    eventually(lambda: refused("cloudwatch", topic) == 1, "the topic refuses")


def test_an_alarm_calls_only_a_function_that_lets_it(
    root: Any, create_function: Any, alarm: Callable[..., str], eventually: Callable[..., Any], refused: Any
) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html"""
    function = create_function("def handler(event, context):\n    print(event['alarmArn'])\n")
    first = alarm(function.arn)
    eventually(lambda: refused("lambda.alarms.cloudwatch", function.arn) == 1, "the function refuses")
    root("lambda").add_permission(
        FunctionName=function.name, StatementId="alarm", Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com", SourceArn=f"{first}-2",
    )  # fmt: skip
    second = alarm(function.arn, f"{first.rpartition(':')[2]}-2")
    eventually(lambda: any(second in message for message in function.log_events()), "the function is called")
    assert not any(message.strip() == first for message in function.log_events())
