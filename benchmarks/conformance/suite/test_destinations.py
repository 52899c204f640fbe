"""On-failure destinations: what they report about discarded records."""

import json
import re
from typing import Any

import pytest

pytestmark = pytest.mark.aws_valid

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def check_record(record: dict[str, Any], scene: Any, mapping: str, sequence_numbers: list[str]) -> None:
    """Check the fields common to the records of all destinations."""
    info = record["KinesisBatchInfo"]
    for name in ("approximateArrivalOfFirstRecord", "approximateArrivalOfLastRecord"):
        assert re.fullmatch(TIME, info.pop(name)), f"{name} has another format"
    assert info == {
        "shardId": "shardId-000000000000",
        "startSequenceNumber": sequence_numbers[0],
        "endSequenceNumber": sequence_numbers[-1],
        "batchSize": len(sequence_numbers),
        "streamArn": scene.stream_arn,
    }, "other values in KinesisBatchInfo"
    context = record["requestContext"]
    assert re.fullmatch(r"[0-9a-f-]{36}", context.pop("requestId")), "requestId has another format"
    assert context == {
        "functionArn": scene.mapping(mapping)["FunctionArn"],
        "condition": "RetryAttemptsExhausted",
        "approximateInvokeCount": 2,
    }, "other values in requestContext"
    response = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"}
    assert record["responseContext"] == response, "other values in responseContext"
    assert record["version"] == "1.0", "another version"


def test_bucket(scene: Any) -> None:
    """S3: one object with metadata and the whole payload, under its documented key.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene.create_stream()
    sequence_numbers = scene.put(1, {"id": 2, "do": "fail"})
    mapping = scene.map(MaximumRetryAttempts=1, DestinationConfig=scene.to_bucket, BatchSize=2)
    [record] = scene.eventually(scene.failures, "an object with the failure")
    payload = record.pop("payload")
    assert isinstance(payload, str), "the payload is not JSON text"
    found = [event["kinesis"]["sequenceNumber"] for event in json.loads(payload)["Records"]]
    assert found == sequence_numbers, "the payload holds other records"
    name = r"(\d{4})/(\d\d)/(\d\d)/\1-\2-\3T\d\d\.\d\d\.\d\d-[0-9a-f-]{36}"
    key = record.pop("key")
    assert re.fullmatch(f"aws/lambda/{mapping}/shardId-000000000000/{name}", key), f"the key is {key}"
    check_record(record, scene, mapping, sequence_numbers)


def test_queue(scene: Any) -> None:
    """SQS: one message with metadata, without the payload.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    scene.create_stream()
    queue = scene.sqs.create_queue(QueueName=scene.stream)["QueueUrl"]
    try:
        arn = scene.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sequence_numbers = scene.put({"id": 1, "do": "fail"})
        mapping = scene.map(MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}}, BatchSize=1)
        [message] = scene.eventually(lambda: scene.sqs.receive_message(QueueUrl=queue).get("Messages"), "a message")
        record = json.loads(message["Body"])
        assert "payload" not in record, "the message holds the payload"
        check_record(record, scene, mapping, sequence_numbers)
    finally:
        scene.sqs.delete_queue(QueueUrl=queue)
