"""SNS topics: permission to publish, and failure records sent to a topic."""

import json
import uuid
from typing import Any

import pytest

READ = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
LOGS = {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
READING = {"Action": [f"kinesis:{action}" for action in READ], "Resource": "*"}


@pytest.fixture
def topic(root: Any) -> str:
    """Return the ARN of a topic."""
    return str(root("sns").create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"])


def test_publishing_needs_permission_on_the_topic(make_user: Any, topic: str, refusal: Any) -> None:
    publisher = make_user({"Action": "sns:Publish", "Resource": topic})
    assert publisher.client("sns").publish(TopicArn=topic, Message="m")["MessageId"]
    other = make_user({"Action": "sns:Publish", "Resource": f"{topic}-other"})
    assert refusal(other.client("sns").publish, TopicArn=topic, Message="m") == (
        "AccessDenied",
        f"User: {other.arn} is not authorized to perform: sns:Publish on resource: {topic} because no identity-based "
        "policy allows the sns:Publish action",
    )


def test_a_topic_policy_grants_and_denies(make_user: Any, root: Any, topic: str, refusal: Any) -> None:
    user = make_user()
    statement = {"Effect": "Allow", "Principal": {"AWS": user.arn}, "Action": "sns:Publish", "Resource": topic}

    def put(*statements: Any) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        root("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document)

    put(statement)
    assert user.client("sns").publish(TopicArn=topic, Message="m")
    put(statement, {**statement, "Effect": "Deny", "Principal": "*"})
    _, message = refusal(user.client("sns").publish, TopicArn=topic, Message="m")
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_a_mapping_needs_permission_to_publish_to_its_failure_destination(
    make_role: Any, put_policy: Any, create_function: Any, root: Any, topic: str, refusal: Any
) -> None:
    kinesis, name = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    role = make_role(READING, LOGS)
    function = create_function("def handler(event, context):\n    raise ValueError\n", Role=role)
    request = {
        "FunctionName": function.name,
        "EventSourceArn": stream,
        "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnFailure": {"Destination": topic}},
    }
    code, message = refusal(root("lambda").create_event_source_mapping, **request)
    assert code == "InvalidParameterValueException"
    assert message == "The provided execution role does not have permissions to call Publish on SNS"
    put_policy(role, READING, LOGS, {"Action": "sns:Publish", "Resource": topic})
    assert root("lambda").create_event_source_mapping(**request)["UUID"]


def test_a_failure_record_is_published_with_the_functions_role(
    make_role: Any, put_policy: Any, create_function: Any, root: Any, topic: str, denials: Any, eventually: Any
) -> None:
    kinesis, name = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    stream = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    sqs = root("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sending = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue_arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": sending})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    root("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    publishing = {"Action": "sns:Publish", "Resource": topic}
    role = make_role(READING, LOGS, publishing)
    function = create_function("def handler(event, context):\n    raise ValueError\n", Role=role)
    root("lambda").create_event_source_mapping(
        FunctionName=function.name,
        EventSourceArn=stream,
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": topic}},
    )
    kinesis.put_record(StreamARN=stream, Data=b"{}", PartitionKey="k")
    received = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), "the failure record arrives", 60)
    assert name in received[0]["Body"]
    put_policy(role, READING, LOGS)
    kinesis.put_record(StreamARN=stream, Data=b"{}", PartitionKey="k")
    of_role = role.rpartition("/")[2]
    refused = eventually(lambda: denials(of_role), "publishing is refused", 60)
    assert {(each["action"], each["resource"]) for each in refused} == {("sns:Publish", topic)}
