"""Queues and rules that AWS would not accept are refused."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.aws_valid


@pytest.fixture
def queue(localstack: Any) -> Callable[..., tuple[str, str]]:
    """Return a function that creates a queue and returns its URL and ARN."""
    sqs = localstack.client("sqs")

    def create(ending: str = "", **attributes: str) -> tuple[str, str]:
        own = {"FifoQueue": "true"} if ending else {}
        url = sqs.create_queue(QueueName=f"q-{uuid.uuid4().hex[:8]}{ending}", Attributes={**own, **attributes})
        arn = sqs.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        return str(url["QueueUrl"]), str(arn)

    return create


def to(arn: str) -> str:
    return json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})


@pytest.mark.parametrize("ending", ["", ".fifo"])
def test_a_dead_letter_queue_of_the_same_type(queue: Any, ending: str) -> None:
    queue(ending, RedrivePolicy=to(queue(ending)[1]))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda arn: to(f"{arn}-missing"), "Dead letter target does not exist"),
        (lambda arn: to(arn.replace("ap-south-1", "eu-west-1")), "Dead letter target does not exist"),
        (lambda _arn: to("arn:aws:sns:ap-south-1:000000000000:topic"), "Dead letter target does not exist"),
        (lambda _arn: to("queue"), "Dead letter target does not exist"),
        (lambda arn: to(arn.replace("000000000000", "210987654321")), "owner should be same"),
        (lambda _arn: "no JSON", "is not a valid JSON map"),
        (lambda _arn: "[]", "is not a valid JSON map"),
    ],
)
def test_other_dead_letter_queues(queue: Any, localstack: Any, change: Callable[[str], str], reason: str) -> None:
    text = change(queue()[1])
    with pytest.raises(ClientError, match=reason):
        queue(RedrivePolicy=text)
    with pytest.raises(ClientError, match=reason):
        localstack.client("sqs").set_queue_attributes(QueueUrl=queue()[0], Attributes={"RedrivePolicy": text})


@pytest.mark.parametrize(("source", "target"), [("", ".fifo"), (".fifo", "")])
def test_a_dead_letter_queue_of_another_type(queue: Any, localstack: Any, source: str, target: str) -> None:
    redrive = to(queue(target)[1])
    with pytest.raises(ClientError, match="same type of queue"):
        queue(source, RedrivePolicy=redrive)
    url, _ = queue(source)
    with pytest.raises(ClientError, match="same type of queue"):
        localstack.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": redrive})


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ({"redrivePermission": "denyAll"}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:ap-south-1:000000000000:another"]}, False),
        ({"redrivePermission": "byQueue", "sourceQueueArns": ["{}"]}, True),
        ({"redrivePermission": "allowAll"}, True),
    ],
)
def test_the_dead_letter_queue_decides(queue: Any, localstack: Any, permission: Any, allowed: bool) -> None:
    url, source = queue()
    redrive = to(queue(RedriveAllowPolicy=json.dumps(permission).replace("{}", source))[1])
    request = {"QueueUrl": url, "Attributes": {"RedrivePolicy": redrive}}
    if allowed:
        localstack.client("sqs").set_queue_attributes(**request)
        return
    with pytest.raises(ClientError, match="RedriveAllowPolicy"):
        localstack.client("sqs").set_queue_attributes(**request)


def test_a_redrive_policy_is_removed(queue: Any, localstack: Any) -> None:
    url, _ = queue(RedrivePolicy=to(queue()[1]))
    sqs = localstack.client("sqs")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]


@pytest.mark.parametrize(
    "pattern", [{"source": "text"}, {"source": []}, {"source": [{"unknown": "x"}]}, {"detail": {"a": 1}}, []]
)
def test_patterns_that_are_not_valid(localstack: Any, pattern: Any) -> None:
    with pytest.raises(ClientError) as error:
        localstack.client("events").put_rule(Name=f"r-{uuid.uuid4().hex[:8]}", EventPattern=json.dumps(pattern))
    assert error.value.response["Error"]["Code"] == "InvalidEventPatternException"


def test_a_pattern_that_is_valid(localstack: Any) -> None:
    pattern = {
        "source": ["aws.s3"],
        "detail": {"object": {"key": [{"prefix": "in/"}], "size": [{"numeric": [">", 0]}]}},
    }
    events, name = localstack.client("events"), f"r-{uuid.uuid4().hex[:8]}"
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.delete_rule(Name=name)
