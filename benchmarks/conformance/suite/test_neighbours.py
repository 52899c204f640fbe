"""What the services around a pipeline refuse: buckets, queues, roles, policies and rules."""

import json
from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid
NOT_A_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "s3:*"}]})


def to_queue(arn: str, name: str, prefix: str) -> dict[str, Any]:
    """A notification of created objects below a prefix."""
    rules = [{"Name": "prefix", "Value": prefix}]
    return {"Id": name, "QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": rules}}}


def test_overlapping_notifications(calls: Any) -> None:
    """Two notifications for the same events whose prefixes overlap: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    bucket, s3 = calls.bucket(), calls.client("s3")
    arn = calls.queue_for(bucket)
    apart = [to_queue(arn, "one", "in/"), to_queue(arn, "two", "out/")]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": apart})
    overlapping = [to_queue(arn, "one", "in/"), to_queue(arn, "two", "in/late/")]
    refused(
        s3.put_bucket_notification_configuration, "InvalidArgument",
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": overlapping},
    )  # fmt: skip


def test_a_notification_to_a_queue_that_does_not_take_it(calls: Any) -> None:
    """A notification to a queue whose policy does not let S3 send: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    refused(
        calls.client("s3").put_bucket_notification_configuration, "InvalidArgument", Bucket=calls.bucket(),
        NotificationConfiguration={"QueueConfigurations": [to_queue(calls.queue()[1], "one", "in/")]},
    )  # fmt: skip


def test_a_notification_to_a_function_that_does_not_take_it(calls: Any) -> None:
    """A notification to a function whose policy does not let S3 call it: InvalidArgument.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    name = calls.function("def handler(event, context):\n    return None\n")
    arn = calls.client("lambda").get_function_configuration(FunctionName=name)["FunctionArn"]
    to_function = {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
    refused(
        calls.client("s3").put_bucket_notification_configuration, "InvalidArgument", Bucket=calls.bucket(),
        NotificationConfiguration={"LambdaFunctionConfigurations": [to_function]},
    )  # fmt: skip


def test_acls_are_disabled(calls: Any) -> None:
    """An ACL in a bucket with BucketOwnerEnforced: AccessControlListNotSupported.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
    """
    bucket, s3 = calls.bucket(), calls.client("s3")
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    refused(
        s3.put_object, "AccessControlListNotSupported", status=400,
        Bucket=bucket, Key="object", Body=b"", ACL="public-read",
    )  # fmt: skip


def test_a_write_that_must_not_overwrite(calls: Any) -> None:
    """PutObject with If-None-Match of *: PreconditionFailed, 412, where the key exists.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    bucket, s3 = calls.bucket(), calls.client("s3")
    s3.put_object(Bucket=bucket, Key="model", Body=b"first", IfNoneMatch="*")
    refused(
        s3.put_object, "PreconditionFailed", status=412, Bucket=bucket, Key="model", Body=b"second", IfNoneMatch="*"
    )
    kept = s3.get_object(Bucket=bucket, Key="model")["Body"].read()
    assert kept == b"first", f"{kept!r}"


def test_a_wrong_bucket_policy(calls: Any) -> None:
    """PutBucketPolicy with a text that is no valid policy: MalformedPolicy, 400.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    refused(
        calls.client("s3").put_bucket_policy, "MalformedPolicy", status=400, Bucket=calls.bucket(), Policy=NOT_A_POLICY
    )


def test_a_wrong_role_policy(calls: Any) -> None:
    """PutRolePolicy with a text that is no valid policy: MalformedPolicyDocument, 400.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
    """
    refused(
        calls.client("iam").put_role_policy, "MalformedPolicyDocument", status=400,
        RoleName=calls.journal.name, PolicyName="wrong", PolicyDocument=NOT_A_POLICY,
    )  # fmt: skip


def test_a_wrong_stream_policy(calls: Any) -> None:
    """PutResourcePolicy of a stream with a text that is no JSON: InvalidArgumentException.

    https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutResourcePolicy.html
    """
    refused(
        calls.client("kinesis").put_resource_policy, "InvalidArgumentException",
        ResourceARN=calls.arn_of(calls.stream()), Policy="no JSON",
    )  # fmt: skip


def test_a_role_that_lambda_cannot_assume(calls: Any) -> None:
    """CreateFunction with a role that trusts another service: InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """
    name = calls.function("def handler(event, context):\n    return None\n")
    refused(
        calls.client("lambda").update_function_configuration, "InvalidParameterValueException",
        FunctionName=name, Role=calls.role_for("ec2.amazonaws.com"),
    )  # fmt: skip


def test_code_that_is_not_in_the_bucket(calls: Any) -> None:
    """UpdateFunctionCode with an object that does not exist: InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html
    """
    name = calls.function("def handler(event, context):\n    return None\n")
    refused(
        calls.client("lambda").update_function_code, "InvalidParameterValueException",
        FunctionName=name, S3Bucket=calls.journal.name, S3Key="missing.zip",
    )  # fmt: skip


def test_a_dead_letter_queue_of_another_type(calls: Any) -> None:
    """The dead-letter queue of a FIFO queue must be a FIFO queue, too.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    url, _ = calls.queue(fifo=True)
    redrive = json.dumps({"deadLetterTargetArn": calls.queue()[1], "maxReceiveCount": 3})
    refused(
        calls.client("sqs").set_queue_attributes, "InvalidParameterValue", "InvalidAttributeValue",
        QueueUrl=url, Attributes={"RedrivePolicy": redrive},
    )  # fmt: skip


def test_the_largest_message(calls: Any) -> None:
    """A message of 1 MiB is taken, and a larger one is refused.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    url, _ = calls.queue()
    sqs = calls.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_576)
    refused(sqs.send_message, "InvalidParameterValue", QueueUrl=url, MessageBody="x" * 1_048_577)


def test_a_wrong_event_pattern(calls: Any) -> None:
    """PutRule with a pattern that is not valid: InvalidEventPatternException.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """
    refused(
        calls.client("events").put_rule, "InvalidEventPatternException",
        Name=calls.name(), EventPattern=json.dumps({"source": "not a list"}),
    )  # fmt: skip
