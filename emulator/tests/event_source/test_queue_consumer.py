"""How many batches of a queue a function gets at the same time, and what becomes of the others if one fails.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

# Writes how many invocations it found under way, itself included, once there are as many as are waited for.
COUNTING = """
    import boto3, json, os, time, uuid

    def handler(event, context):
        s3, bucket, mine = boto3.client("s3"), os.environ["BUCKET"], f"running-{uuid.uuid4().hex}"
        s3.put_object(Bucket=bucket, Key=mine)
        wanted, end = int(event["Records"][0]["body"]), time.monotonic() + 8
        while (found := count(s3, bucket)) < wanted and time.monotonic() < end:
            time.sleep(0.1)
        s3.put_object(Bucket=bucket, Key=f"result-{mine}", Body=json.dumps(found).encode())
        time.sleep(1)  # so that the others see this one
        s3.delete_object(Bucket=bucket, Key=mine)

    def count(s3, bucket):
        return s3.list_objects_v2(Bucket=bucket, Prefix="running-")["KeyCount"]
"""
GROUPS = """
    import boto3, json, os, uuid

    def handler(event, context):
        bodies = [record["body"] for record in event["Records"]]
        boto3.client("s3").put_object(
            Bucket=os.environ["BUCKET"], Key=f"result-{uuid.uuid4().hex}", Body=json.dumps(bodies).encode()
        )
        if any(body.startswith("a") for body in bodies):
            raise ValueError("not the a group")
"""
GATHERING = """
    import boto3, json, os, uuid

    def handler(event, context):
        bodies = [record["body"] for record in event["Records"]]
        boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=uuid.uuid4().hex, Body=json.dumps(bodies))
"""


def _results(batches: Callable[..., list[Any]]) -> list[Any]:
    return batches("result-")


@pytest.mark.parametrize("settings", [{}, {"ScalingConfig": {"MaximumConcurrency": 2}}], ids=["default", "maximum"])
def test_batches_are_handled_at_the_same_time(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any], settings: dict[str, Any]
) -> None:
    """Five without a maximum."""
    (url, arn), sqs = queue(), localstack.client("sqs")
    expected = 2 if settings else 5
    for _ in range(6):
        sqs.send_message(QueueUrl=url, MessageBody=str(expected))
    _, batches = map_queue(arn, COUNTING, BatchSize=1, **settings)
    eventually(lambda: len(_results(batches)) == 6, "all messages", 60)
    assert max(_results(batches)) == expected


def test_each_group_is_handled_whatever_becomes_of_the_others(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
    sqs = localstack.client("sqs")
    dead, dead_arn = queue(FifoQueue="true")
    url, arn = queue(FifoQueue="true", ContentBasedDeduplication="true", VisibilityTimeout="10")
    entries = [{"Id": body, "MessageBody": body, "MessageGroupId": body[0]} for body in ("a1", "b1", "c1", "b2")]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)
    map_queue(arn, GROUPS)
    sqs.set_queue_attributes(
        QueueUrl=url,
        Attributes={
            "VisibilityTimeout": "1",
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2}),
        },
    )

    def failed() -> Any:
        return sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0).get("Messages")

    (message,) = eventually(failed, "the failed message is in the dead-letter queue", 60)
    assert message["Body"] == "a1"
    counted = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(counted))["Attributes"]
    assert [found[name] for name in counted] == ["0", "0"], "the other groups' messages are done"


def test_a_changed_disabled_and_enabled_mapping_goes_on(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html"""
    (url, arn), sqs, functions = queue(), localstack.client("sqs"), localstack.client("lambda")
    mapping, batches = map_queue(arn)

    def state() -> str:
        return str(functions.get_event_source_mapping(UUID=mapping)["State"])

    eventually(lambda: state() == "Enabled", "the mapping is enabled")
    reason = functions.get_event_source_mapping(UUID=mapping)["StateTransitionReason"]
    assert reason == "USER_INITIATED"  # of queues, as LocalStack's authors recorded; of streams it is "User action"
    changed = functions.get_event_source_mapping(UUID=mapping)["LastModified"]
    for settings, expected in (({"BatchSize": 5}, "Enabled"), ({"Enabled": False}, "Disabled")):
        functions.update_event_source_mapping(UUID=mapping, **settings)
        eventually(lambda expected=expected: state() == expected, f"the mapping is {expected}")
        time.sleep(1.1)  # longer than a worker that stops may wait for messages: it must not change the state then
        assert state() == expected
        last = functions.get_event_source_mapping(UUID=mapping)["LastModified"]
        assert last > changed
        changed = last
    sqs.send_message(QueueUrl=url, MessageBody="while disabled")
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    eventually(lambda: [record["body"] for batch in batches() for record in batch] == ["while disabled"], "it arrives")


def test_a_disabled_mapping_can_be_deleted(
    localstack: Any,
    queue: Any,
    create_function: Callable[..., Any],
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    functions, (_, arn) = localstack.client("lambda"), queue()
    function = create_function(GROUPS)
    mapping = functions.create_event_source_mapping(FunctionName=function.name, EventSourceArn=arn, Enabled=False)
    delete_mapping(functions, mapping["UUID"])

    def gone() -> bool:
        found = functions.list_event_source_mappings(FunctionName=function.name)["EventSourceMappings"]
        return not found

    eventually(gone, "the mapping is deleted")


def test_an_update_does_not_wait_for_the_end_of_a_batching_window(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any]
) -> None:
    """What the window has gathered so far is invoked, and Terraform's next change comes minutes earlier.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    (url, arn), functions = queue(), localstack.client("lambda")
    mapping, batches = map_queue(arn, GATHERING, BatchSize=100, MaximumBatchingWindowInSeconds=300)

    def state() -> str:
        return str(functions.get_event_source_mapping(UUID=mapping)["State"])

    eventually(lambda: state() == "Enabled", "the mapping reads")
    for body in "ab":
        localstack.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    time.sleep(2)  # for the second message, too, to be received
    assert batches() == []
    functions.update_event_source_mapping(UUID=mapping, BatchSize=50)
    eventually(lambda: state() == "Enabled", "the update is done", 20)
    assert [sorted(one) for one in batches()] == [["a", "b"]]
