"""A queue as a source: core's poller does it, and our mapping of streams leaves it as it is."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.local_only

SOURCE = """
    import boto3, json, os
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=f"{record['body']}/{record['messageId']}")
            if "bad" in record["body"]:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
"""


def test_messages_are_filtered_and_deleted_and_a_failed_one_goes_to_the_dead_letter_queue(
    localstack: Any, create_function: Callable[..., Any], create_bucket: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"""
    sqs, functions, bucket = localstack.client("sqs"), localstack.client("lambda"), create_bucket()
    function = create_function(SOURCE, Environment={"Variables": {"BUCKET": bucket}})
    dead, queue = (sqs.create_queue(QueueName=f"{kind}-{uuid.uuid4().hex[:8]}")["QueueUrl"] for kind in "dq")
    arns = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for url in (dead, queue)
    ]
    redrive = json.dumps({"deadLetterTargetArn": arns[0], "maxReceiveCount": 2})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1", "RedrivePolicy": redrive})
    mapping = functions.create_event_source_mapping(
        FunctionName=function.name, EventSourceArn=arns[1], FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": [{"prefix": "sold"}]}'}]},
    )["UUID"]  # fmt: skip
    for body in ("sold good", "sold bad", "bought"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)

    def failed() -> Any:
        return sqs.receive_message(QueueUrl=dead, VisibilityTimeout=0).get("Messages")

    (message,) = eventually(failed, "the failed message is in the dead-letter queue", 60)
    assert message["Body"] == "sold bad"
    keys = [one["Key"].partition("/")[0] for one in localstack.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert sorted(keys) == ["sold bad", "sold good"]
    counted = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=list(counted))["Attributes"]
    assert [found[name] for name in counted] == ["0", "0"]
    functions.delete_event_source_mapping(UUID=mapping)
    for url in (queue, dead):
        sqs.delete_queue(QueueUrl=url)
