"""Dead-letter queues and destinations of asynchronous invocations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html; the texts were recorded on AWS by
https://github.com/badmintoncryer/cdk-preflight.
"""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.lambda_runtime.destinations import dead_letter_problem

pytestmark = pytest.mark.local_only

FAILING = "def handler(event, context):\n    raise ValueError(event['n'])\n"
HERE = "ap-south-1"
ARN = f"arn:aws:{{}}:{HERE}:000000000000:{{}}"
REGION = "must be in the same region as the Lambda function it's associated with."
SERVICE = "The service specified by the TargetArn is not supported for dead letter configuration."
UNSUPPORTED = [
    ("arn:aws:s3:::bucket", REGION),
    ("arn:aws:sqs:eu-west-1:000000000000:queue", REGION),
    (ARN.format("s3", "bucket"), SERVICE),
    (ARN.format("lambda", "function:other"), SERVICE),
    (ARN.format("events", "event-bus/default"), SERVICE),
    (ARN.format("sqs", "queue.fifo"), "FIFO SQS queue is not supported for dead letter configuration"),
    (ARN.format("sns", "topic.fifo"), "FIFO SNS topic is not supported for dead letter configuration"),
]


@pytest.mark.parametrize(("target", "message"), UNSUPPORTED)
def test_only_standard_queues_and_topics_of_the_region_take_dead_letters(target: str, message: str) -> None:
    assert re.fullmatch(
        f"Invalid dead letter queue ARN: .*{re.escape(message)}", dead_letter_problem(target, HERE) or ""
    )


@pytest.mark.parametrize("target", ["", ARN.format("sqs", "queue"), ARN.format("sns", "topic")])
def test_queues_topics_and_none_are_accepted(target: str) -> None:
    assert dead_letter_problem(target, HERE) is None


def test_a_function_is_neither_created_nor_changed_with_another_dead_letter_queue(
    localstack: Any, create_function: Callable[..., Any]
) -> None:
    with pytest.raises(ClientError, match=re.escape(REGION)):
        create_function(FAILING, DeadLetterConfig={"TargetArn": "arn:aws:s3:::bucket"})
    function, client = create_function(FAILING), localstack.client("lambda")
    for target, message in UNSUPPORTED:
        with pytest.raises(ClientError, match=re.escape(message)) as refused:
            client.update_function_configuration(FunctionName=function.name, DeadLetterConfig={"TargetArn": target})
        assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert "DeadLetterConfig" not in function.configuration()


def test_the_role_must_be_allowed_to_send_dead_letters(localstack: Any, create_function: Callable[..., Any]) -> None:
    """The text: https://github.com/elastic/beats/issues/13963."""
    function, iam = create_function(FAILING), localstack.client("iam")
    iam.delete_role_policy(RoleName=function.role_arn.rpartition("/")[2], PolicyName="everything")
    for service, action in {"sqs": "SendMessage", "sns": "Publish"}.items():
        text = f"The provided execution role does not have permissions to call {action} on {service.upper()}"
        with pytest.raises(ClientError, match=text):
            localstack.client("lambda").update_function_configuration(
                FunctionName=function.name, DeadLetterConfig={"TargetArn": ARN.format(service, "any")}
            )


@pytest.mark.parametrize("side", ["OnSuccess", "OnFailure"])
def test_fifo_queues_and_topics_are_no_destinations(
    localstack: Any, create_function: Callable[..., Any], side: str
) -> None:
    function, client = create_function(FAILING), localstack.client("lambda")
    for target, message in {
        ARN.format("sns", "topic.fifo"): "FIFO-type Amazon SNS topics aren't supported as a destination.",
        ARN.format("sqs", "queue.fifo"): f"The provided destination config .*{side}(destination=",
    }.items():
        with pytest.raises(ClientError, match=re.escape(message).replace(r"\.\*", ".*")):
            client.put_function_event_invoke_config(
                FunctionName=function.name, DestinationConfig={side: {"Destination": target}}
            )
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        client.get_function_event_invoke_config(FunctionName=function.name)


def test_a_bucket_takes_the_records_of_failed_events_only(
    localstack: Any, create_function: Callable[..., Any], create_bucket: Callable[..., str], eventually: Any
) -> None:
    """The key: `aws/lambda/async/<function-name>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<Random UUID>`."""
    function, bucket = create_function(FAILING), create_bucket()
    client, s3, target = localstack.client("lambda"), localstack.client("s3"), {"Destination": f"arn:aws:s3:::{bucket}"}
    with pytest.raises(ClientError, match=r"onSuccess=OnSuccess\(destination=arn:aws:s3:::.*is invalid"):
        client.put_function_event_invoke_config(FunctionName=function.name, DestinationConfig={"OnSuccess": target})
    client.put_function_event_invoke_config(
        FunctionName=function.name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": target}
    )
    client.invoke(FunctionName=function.name, InvocationType="Event", Payload=b'{"n": 7}')
    [found] = eventually(lambda: s3.list_objects_v2(Bucket=bucket).get("Contents"), "the record in the bucket")
    date, time = r"\d{4}/\d\d/\d\d", r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}"
    assert re.fullmatch(f"aws/lambda/async/{function.name}/{date}/{time}", found["Key"])
    record = json.loads(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert (record["requestPayload"], record["responsePayload"]["errorMessage"]) == ({"n": 7}, "7")


def test_an_event_after_an_update_is_not_delayed(
    localstack: Any, create_function: Callable[..., Any], create_bucket: Callable[..., str], eventually: Any
) -> None:
    """Core's poller of the old version received it, and dropped it for the function's timeout and a minute."""
    function, bucket, client = create_function(FAILING), create_bucket(), localstack.client("lambda")
    target = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    client.put_function_event_invoke_config(
        FunctionName=function.name, MaximumRetryAttempts=0, DestinationConfig=target
    )
    for number in range(3):
        client.update_function_configuration(FunctionName=function.name, Description=str(number))
        eventually(lambda: function.configuration()["LastUpdateStatus"] == "Successful", "the update")
        client.invoke(FunctionName=function.name, InvocationType="Event", Payload=json.dumps({"n": number}).encode())
    s3 = localstack.client("s3")
    eventually(lambda: s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 3, "the records of all events")
