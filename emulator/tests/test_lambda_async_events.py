"""What becomes of the events of asynchronous invocations.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.lambda_runtime.async_events import attributes_of

pytestmark = pytest.mark.local_only

RAISE = "def handler(event, context):\n    raise ValueError({})\n"


class Queue:
    """A queue."""

    def __init__(self, sqs: Any) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=f"async-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = found["Attributes"]["QueueArn"]

    def take(self) -> list[Any]:
        """Return messages and remove them."""
        found = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages", []
        )
        for each in found:
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return list(found)


@pytest.fixture
def queue(localstack: Any) -> Queue:
    """A queue."""
    return Queue(localstack.client("sqs"))


def invoke(function: Any, **more: Any) -> str:
    """Invoke a function asynchronously; return the id of the invocation."""
    answer = function.localstack.client("lambda").invoke(
        FunctionName=function.name, InvocationType="Event", Payload=b'{"a": "\\u00fc"}', **more
    )
    answer["Payload"].read()  # it is empty, and gives the connection back
    return str(answer["ResponseMetadata"]["RequestId"])


def test_an_alias_has_its_own_configuration_while_it_exists(
    localstack: Any, create_function: Callable[..., Any], queue: Queue, eventually: Callable[..., Any]
) -> None:
    function, client = create_function(RAISE.format("'x'")), localstack.client("lambda")
    version = client.publish_version(FunctionName=function.name)["Version"]
    alias = {"FunctionName": function.name, "Name": "live", "FunctionVersion": version}
    client.create_alias(**alias)
    config = {"MaximumRetryAttempts": 0, "DestinationConfig": {"OnFailure": {"Destination": queue.arn}}}
    client.put_function_event_invoke_config(FunctionName=function.name, Qualifier="live", **config)
    name = invoke(function, Qualifier="live")
    [record] = eventually(queue.take, "the record")
    assert json.loads(record["Body"])["requestContext"]["requestId"] == name
    client.delete_alias(FunctionName=function.name, Name="live")
    client.create_alias(**alias)
    with pytest.raises(ClientError, match="doesn't have an EventInvokeConfig"):
        client.get_function_event_invoke_config(FunctionName=function.name, Qualifier="live")


@pytest.mark.parametrize(("argument", "message"), [("", None), ("'x' * 5000", "x" * 1024), ("'one'", "one")])
def test_a_dead_letter_describes_the_error(
    localstack: Any, create_function: Callable[..., Any], queue: Queue, eventually: Callable[..., Any],
    argument: str, message: str | None,
) -> None:  # fmt: skip
    function = create_function(RAISE.format(argument), DeadLetterConfig={"TargetArn": queue.arn})
    localstack.client("lambda").put_function_event_invoke_config(FunctionName=function.name, MaximumRetryAttempts=0)
    name = invoke(function)
    [letter] = eventually(queue.take, "the dead letter")
    assert json.loads(letter["Body"]) == {"a": "\N{LATIN SMALL LETTER U WITH DIAERESIS}"}
    found = {key: each["StringValue"] for key, each in letter["MessageAttributes"].items()}
    assert found == {"RequestID": name, "ErrorCode": "200", **({"ErrorMessage": message} if message else {})}


@pytest.mark.long_proof
def test_an_event_that_no_concurrency_is_left_for_becomes_a_dead_letter(
    localstack: Any, create_function: Callable[..., Any], queue: Queue, eventually: Callable[..., Any]
) -> None:
    function = create_function(RAISE.format(""), DeadLetterConfig={"TargetArn": queue.arn})
    client = localstack.client("lambda")
    client.put_function_concurrency(FunctionName=function.name, ReservedConcurrentExecutions=0)
    name = invoke(function)
    [letter] = eventually(queue.take, "the dead letter")
    found = {key: each["StringValue"] for key, each in letter["MessageAttributes"].items()}
    assert (found["RequestID"], found["ErrorCode"]) == (name, "429")


def test_a_message_is_cut_between_characters_and_a_failing_service_is_500() -> None:
    long = attributes_of("id", {"errorMessage": "a" + "\N{EURO SIGN}" * 1000}, None)
    assert long["ErrorMessage"]["StringValue"] == "a" + "\N{EURO SIGN}" * 341
    assert attributes_of("id", None, OSError("gone"))["ErrorCode"]["StringValue"] == "500"
    assert "ErrorMessage" not in attributes_of("id", "no document", None)


def test_an_event_bus_gets_records_as_the_functions_role_may_put_them(
    localstack: Any, create_function: Callable[..., Any], queue: Queue, eventually: Callable[..., Any]
) -> None:
    function = create_function("def handler(event, context):\n    return event\n")
    events, iam, name = localstack.client("events"), localstack.client("iam"), f"bus-{uuid.uuid4().hex[:8]}"
    bus = events.create_event_bus(Name=name)["EventBusArn"]
    events.put_rule(Name="all", EventBusName=name, EventPattern=json.dumps({"source": ["lambda"]}))
    events.put_targets(Rule="all", EventBusName=name, Targets=[{"Id": "queue", "Arn": queue.arn}])
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue.arn}
    localstack.client("sqs").set_queue_attributes(
        QueueUrl=queue.url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [everybody]})}
    )
    localstack.client("lambda").put_function_event_invoke_config(
        FunctionName=function.name, DestinationConfig={"OnSuccess": {"Destination": bus}}
    )
    invoke(function)
    [record] = eventually(queue.take, "the record")
    found = json.loads(record["Body"])
    assert found["resources"] == [bus, f"{function.arn}:$LATEST"]
    assert (found["source"], found["detail-type"]) == ("lambda", "Lambda Function Invocation Result - Success")
    assert found["detail"]["responsePayload"] == {"a": "\N{LATIN SMALL LETTER U WITH DIAERESIS}"}
    iam.delete_role_policy(RoleName=function.role_arn.rpartition("/")[2], PolicyName="everything")
    invoke(function)
    eventually(lambda: f"events:PutEvents on resource: {bus}" in localstack.log(), "the refusal")
    assert queue.take() == []
