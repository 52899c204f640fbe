"""Services that call functions need the function's permission.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.local_only
SOURCE = """
    import boto3, os
    def handler(event, context):
        caller = event["Records"][0].get("EventSource", "s3") if "Records" in event else event["source"]
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=caller)
"""


@pytest.fixture
def bucket(root: Any) -> str:
    """A bucket for what the function has seen."""
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    return name


@pytest.fixture
def function(create_function: Callable[..., Any], bucket: str) -> Any:
    """A function that marks who called it."""
    return create_function(SOURCE, Environment={"Variables": {"BUCKET": bucket}})


def allow(root: Any, function: Any, service: str, source: str) -> None:
    """Let a service call the function for a resource."""
    root("lambda").add_permission(
        FunctionName=function.name, StatementId=uuid.uuid4().hex, Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com", SourceArn=source,
    )  # fmt: skip


def seen(root: Any, bucket: str) -> list[str]:
    """Who has called the function."""
    return [each["Key"] for each in root("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


@pytest.fixture
def refused(denials: Callable[..., list[dict[str, Any]]], function: Any) -> Callable[[str], int]:
    """Return a function that counts the calls of a service that the function has refused."""
    return lambda service: sum(
        each["count"] for each in denials(f"{service}.amazonaws.com") if each["resource"] == function.arn
    )


def test_a_bucket_notifies_only_a_function_that_lets_s3_call_it(
    root: Any, function: Any, bucket: str, eventually: Callable[..., Any]
) -> None:
    source, s3 = f"source-{uuid.uuid4().hex[:8]}", root("s3")
    s3.create_bucket(Bucket=source, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    wanted = {"LambdaFunctionConfigurations": [{"LambdaFunctionArn": function.arn, "Events": ["s3:ObjectCreated:*"]}]}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(Bucket=source, NotificationConfiguration=wanted)
    allow(root, function, "s3", "arn:aws:s3:::another")
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(Bucket=source, NotificationConfiguration=wanted)
    allow(root, function, "s3", f"arn:aws:s3:::{source}")
    s3.put_bucket_notification_configuration(Bucket=source, NotificationConfiguration=wanted)
    s3.put_object(Bucket=source, Key="one")
    eventually(lambda: seen(root, bucket) == ["s3"], "the function is called")


def test_a_topic_calls_only_a_function_that_lets_sns_call_it(
    root: Any, function: Any, bucket: str, eventually: Callable[..., Any], refused: Callable[[str], int]
) -> None:
    sns = root("sns")
    topic = sns.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function.arn)
    sns.publish(TopicArn=topic, Message="m")
    eventually(lambda: refused("sns"), "the call is refused")
    assert seen(root, bucket) == []
    allow(root, function, "sns", topic)
    sns.publish(TopicArn=topic, Message="m")
    eventually(lambda: seen(root, bucket) == ["aws:sns"], "the function is called")


def test_a_rule_calls_only_a_function_that_lets_eventbridge_call_it(
    root: Any, function: Any, bucket: str, eventually: Callable[..., Any], refused: Callable[[str], int]
) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html"""
    events, name = root("events"), f"rule-{uuid.uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, EventPattern=f'{{"source": ["{name}"]}}')["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": function.arn}])
    entry = {"Source": name, "DetailType": "sold", "Detail": "{}"}
    assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    eventually(lambda: refused("events"), "the call is refused")
    assert seen(root, bucket) == []
    allow(root, function, "events", rule.replace(name, "another"))
    events.put_events(Entries=[entry])
    eventually(lambda: refused("events") == 2, "the call is refused again")
    assert seen(root, bucket) == []
    allow(root, function, "events", rule)
    events.put_events(Entries=[entry])
    eventually(lambda: seen(root, bucket) == [name], "the function is called")


def test_a_bucket_notifies_only_queues_and_topics_that_let_s3_send(root: Any, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"""
    s3, sqs, sns, name = root("s3"), root("sqs"), root("sns"), f"to-{uuid.uuid4().hex[:8]}"
    url, topic = sqs.create_queue(QueueName=name)["QueueUrl"], sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = ["s3:ObjectCreated:*"]

    def notify(kind: str, arn: str) -> None:
        wanted = {f"{kind}Configurations": [{f"{kind}Arn": arn, "Events": events}]}
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)

    def policy(action: str, arn: str) -> str:
        statement = {
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": action, "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
        }  # fmt: skip
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    for kind, arn in (("Queue", queue), ("Topic", topic)):
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            notify(kind, arn)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy("sqs:SendMessage", queue)})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy("sns:Publish", topic))
    notify("Queue", queue)
    notify("Topic", topic)
