"""The events that a bucket sends to queues and to EventBridge.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline_emulator.gateway.bucket_events import Sequencers

pytestmark = pytest.mark.local_only

EVERYTHING = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


class Queue:
    """A queue to which everybody may send."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=f"events-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]
        statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": self.arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def take(self) -> list[Any]:
        """Return the documents that have arrived, without S3's test event, and remove them."""
        found = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        for each in found:
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        documents = [json.loads(each["Body"]) for each in found]
        return [each for each in documents if each.get("Event") != "s3:TestEvent"]


@pytest.fixture
def queue(localstack: Any) -> Queue:
    """A queue to which everybody may send."""
    return Queue(localstack.client("sqs"))


@pytest.fixture
def notify(localstack: Any, create_bucket: Callable[..., str], queue: Queue) -> Callable[..., str]:
    """Return a function that creates a bucket whose events go to the queue, under some prefix and suffix."""

    def make(**rules: str) -> str:
        bucket = create_bucket()
        given = [{"Name": name, "Value": value} for name, value in rules.items()]
        rule = {"QueueArn": queue.arn, "Events": EVERYTHING, "Filter": {"Key": {"FilterRules": given}}}
        localstack.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [rule]}
        )
        return bucket

    return make


def test_a_key_is_encoded_and_the_request_is_named(
    localstack: Any, notify: Callable[..., str], queue: Queue, eventually: Callable[..., Any]
) -> None:
    """AWS's example: red flower.jpg is red+flower.jpg."""
    s3, bucket = localstack.client("s3"), notify()
    for key, encoded in {
        "red flower.jpg": "red+flower.jpg",
        "a+b": "a%2Bb",
        "dt=1/\N{LATIN SMALL LETTER U WITH DIAERESIS}": "dt%3D1/%C3%BC",
    }.items():
        headers = s3.put_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPHeaders"]
        [document] = eventually(queue.take, "the event")
        [record] = document["Records"]
        assert record["s3"]["object"]["key"] == encoded
        assert record["responseElements"]["x-amz-request-id"] == headers["x-amz-request-id"]
        assert abs(datetime.now(UTC) - datetime.fromisoformat(record["eventTime"])) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("rules", "matching", "other"),
    [
        ({"prefix": "my+dir/"}, "my dir/a", "my+dir/a"),
        ({"suffix": "+final.csv"}, "x final.csv", "x+final.csv"),
        ({"prefix": "dt%3D1/"}, "dt=1/a", "dt=2/a"),
        ({"prefix": "a/", "suffix": ".csv"}, "a/b.csv", "a/b.txt"),
    ],
)
def test_filters_are_encoded_like_keys(
    localstack: Any, notify: Callable[..., str], queue: Queue, eventually: Callable[..., Any],
    rules: dict[str, str], matching: str, other: str,
) -> None:  # fmt: skip
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html."""
    s3, bucket = localstack.client("s3"), notify(**rules)
    sizes = {other: b"", matching: b"x"}
    for key, body in sizes.items():
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    documents = eventually(queue.take, "the event")
    assert [each["Records"][0]["s3"]["object"]["size"] for each in documents] == [1]


def test_sequencers_order_the_events_of_a_key(
    localstack: Any, notify: Callable[..., str], queue: Queue, eventually: Callable[..., Any]
) -> None:
    s3, bucket = localstack.client("s3"), notify()
    for number in range(3):
        s3.put_object(Bucket=bucket, Key="key", Body=bytes(number))
    s3.delete_object(Bucket=bucket, Key="key")
    found: list[Any] = []

    def all_have_arrived() -> bool:
        found.extend(queue.take())
        return len(found) == 4

    eventually(all_have_arrived, "all events")
    objects = sorted((each["Records"][0]["s3"]["object"] for each in found), key=lambda each: each["sequencer"])
    assert [each.get("size") for each in objects] == [0, 1, 2, None]
    assert len({each["sequencer"] for each in objects}) == 4


def test_sequencers_increase_within_one_tick_of_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 7)
    sequencers = Sequencers()
    assert [int(sequencers.take(), 16) for _ in range(3)] == [7, 8, 9]


def test_eventbridge_gets_keys_as_they_are_and_the_reason(
    localstack: Any, create_bucket: Callable[..., str], queue: Queue, eventually: Callable[..., Any]
) -> None:
    s3, events, bucket = localstack.client("s3"), localstack.client("events"), create_bucket()
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": queue.arn}])
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
    s3.put_object(Bucket=bucket, Key="red flower+.jpg")
    [first] = eventually(queue.take, "the event of the object")
    assert (first["detail"]["object"]["key"], first["detail"]["reason"]) == ("red flower+.jpg", "PutObject")
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"ETag": part, "PartNumber": 1}]})
    [second] = eventually(queue.take, "the event of the upload")
    assert second["detail"]["reason"] == "CompleteMultipartUpload"
    assert second["detail"]["object"]["sequencer"] > first["detail"]["object"]["sequencer"]
