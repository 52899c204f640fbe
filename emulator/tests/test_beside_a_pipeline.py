"""What core does wrong in services beside a pipeline, and Terraform or a reader of objects would notice."""

import json
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def test_an_object_put_while_versioning_is_suspended_is_the_current_one(localstack: Any, create_bucket: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersionSuspendedBuckets.html"""
    bucket, s3 = create_bucket(), localstack.client("s3")
    for number, status in enumerate(("", "Enabled", "Suspended")):
        if status:
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        s3.put_object(Bucket=bucket, Key="key", Body=str(number).encode())
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"2"
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(one["VersionId"] == "null", one["IsLatest"]) for one in versions] == [(True, True), (False, False)]
    for one in versions:
        s3.delete_object(Bucket=bucket, Key="key", VersionId=one["VersionId"])


def test_an_empty_filter_policy_removes_a_subscriptions(localstack: Any) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-remove.html"""
    sns, sqs = localstack.client("sns"), localstack.client("sqs")
    topic = sns.create_topic(Name="beside")["TopicArn"]
    queue = sqs.create_queue(QueueName="beside")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
    policy = json.dumps({"store": [7]})
    for value, expected in ((policy, policy), ("{}", None)):
        sns.set_subscription_attributes(SubscriptionArn=made, AttributeName="FilterPolicy", AttributeValue=value)
        assert sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"].get("FilterPolicy") == expected
    sns.delete_topic(TopicArn=topic)
    sqs.delete_queue(QueueUrl=queue)
