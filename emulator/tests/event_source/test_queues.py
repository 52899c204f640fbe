"""A queue as a source: core's poller does it, and our mapping of streams leaves it as it is."""

import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

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
    localstack: Any,
    create_function: Callable[..., Any],
    create_bucket: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
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
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": redrive})
    mapping = functions.create_event_source_mapping(
        FunctionName=function.name, EventSourceArn=arns[1], FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": [{"prefix": "sold"}]}'}]},
    )["UUID"]  # fmt: skip
    # Shorter than the function's timeout, which a new mapping's queue may not have.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
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
    delete_mapping(functions, mapping)
    for url in (queue, dead):
        sqs.delete_queue(QueueUrl=url)


BODIES = ['{"a":1.0,  "\u00fc": true}', "[1,2]", "5", '"text"', "not JSON", '{"a": "\\u00fc"}']


def test_bodies_arrive_as_they_were_sent(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html: `md5OfBody` is of the body that the function gets."""
    url, arn = queue()
    _, batches = map_queue(arn)
    for body in BODIES:
        localstack.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    eventually(lambda: sum(map(len, batches())) == len(BODIES), "all messages")
    records = [record for batch in batches() for record in batch]
    assert sorted(record["body"] for record in records) == sorted(BODIES)
    for record in records:
        assert hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest() == record["md5OfBody"]


@pytest.mark.parametrize("window", [0, 1])
def test_the_digest_of_no_attributes_is_null_with_a_batching_window(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any], window: int
) -> None:
    """Recorded on AWS by LocalStack's authors (test_lambda_integration_sqs.snapshot.json)."""
    url, arn = queue()
    _, batches = map_queue(arn, MaximumBatchingWindowInSeconds=window)
    localstack.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    ((record,),) = eventually(batches, "the message")
    assert record.get("md5OfMessageAttributes", "none") == (None if window else "none")


@pytest.mark.long_proof
def test_batches_fit_into_an_invocation(
    localstack: Any, queue: Any, map_queue: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html: 6 MB end a batch."""
    (url, arn), sqs = queue(), localstack.client("sqs")
    body = "x" * 250_000
    for _ in range(30):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    _, batches = map_queue(arn, BatchSize=100, MaximumBatchingWindowInSeconds=1)
    eventually(lambda: sum(map(len, batches())) == 30, "all messages", 60)
    assert max(map(len, batches())) <= 25


@pytest.mark.long_proof
def test_events_are_counted_if_the_mapping_asks_for_it(
    localstack: Any, queue: Any, map_queue: Any, event_counts: Any, eventually: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics."""
    (url, arn), sqs = queue(VisibilityTimeout="60"), localstack.client("sqs")
    criteria = {"Filters": [{"Pattern": '{"body": {"keep": [true]}}'}]}
    mapping, batches = map_queue(arn, BatchSize=1, FilterCriteria=criteria, MetricsConfig={"Metrics": ["EventCount"]})
    for body in ('{"keep": true}', '{"keep": false}', '{"keep": true, "fail": 1}'):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    expected = {
        "PolledEventCount": 3,
        "FilteredOutEventCount": 1,
        "InvokedEventCount": 2,
        "FailedInvokeEventCount": 1,
        "DeletedEventCount": 1,
    }
    eventually(lambda: event_counts(mapping) == expected, "the counts")
    assert len(batches()) == 2


def test_what_a_queue_does_not_support_is_refused(
    localstack: Any, queue: Any, create_function: Callable[..., Any]
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html; the texts are at request_rules.py."""
    functions, function = localstack.client("lambda"), create_function(SOURCE, Timeout=20)

    def refusal(arn: str, **settings: Any) -> str:
        with pytest.raises(ClientError) as caught:
            functions.create_event_source_mapping(FunctionName=function.name, EventSourceArn=arn, **settings)
        assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
        return str(caught.value.response["Error"]["Message"])

    _, fifo = queue(FifoQueue="true", VisibilityTimeout="30")
    assert refusal(fifo, MaximumBatchingWindowInSeconds=1) == "Batching window is not supported for FIFO queues"
    _, short = queue(VisibilityTimeout="5")
    assert refusal(short) == "Queue visibility timeout: 5 seconds is less than Function timeout: 20 seconds"
    _, standard = queue()
    assert refusal(standard.replace("ap-south-1", "eu-west-1")) == (
        "Event source region must match Lambda region ap-south-1"
    )
    pollers = {"MinimumPollers": 2, "MaximumPollers": 20}
    both = refusal(standard, ScalingConfig={"MaximumConcurrency": 2}, ProvisionedPollerConfig=pollers)
    assert both.startswith("Provisioned mode for SQS ESM does not support maximum concurrency feature.")
    for fewest, most, text in (
        (20, 2, "MinimumPollers must be less than or equal to MaximumPollers."),
        (1, 2, "MinimumPollers should be between [2, 200] and MaximumPollers should be between"),
    ):
        pollers = {"MinimumPollers": fewest, "MaximumPollers": most}
        assert refusal(standard, ProvisionedPollerConfig=pollers).startswith(text)
    functions.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=5)
    assert refusal(standard, ScalingConfig={"MaximumConcurrency": 100}) == (
        "MaximumConcurrency: 100 is greater than Function Reserved Concurrency: 5"
    )
    assert functions.list_event_source_mappings(FunctionName=function.name)["EventSourceMappings"] == []
