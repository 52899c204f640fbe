"""Resources that a request does not name, but that follow from what it says."""

import json
import uuid
from base64 import b64decode, b64encode
from typing import Any

import pytest

ACCOUNT, REGION = "000000000000", "ap-south-1"
QUEUE, IDENTITY = f"arn:aws:sqs:{REGION}:{ACCOUNT}:", f"arn:aws:iam::{ACCOUNT}:"


@pytest.fixture
def name() -> str:
    """Return a new name."""
    return f"r-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def dead_letters(root: Any, name: str) -> str:
    """Return the ARN of the dead-letter queue of a queue."""
    sqs = root("sqs")
    sqs.create_queue(QueueName=f"{name}-dlq")
    redrive = json.dumps({"deadLetterTargetArn": f"{QUEUE}{name}-dlq", "maxReceiveCount": 1})
    sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})
    return f"{QUEUE}{name}-dlq"


def test_moving_messages_back_needs_permission_to_send_to_their_queues(
    make_user: Any, name: str, dead_letters: str, refusal: Any
) -> None:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html"""
    actions = ("StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    moving = {"Action": [f"sqs:{action}" for action in actions], "Resource": dead_letters}
    code, message = refusal(make_user(moving).client("sqs").start_message_move_task, SourceArn=dead_letters)
    assert (code, f"perform: sqs:SendMessage on resource: {QUEUE}{name} " in message) == ("AccessDenied", True)
    sending = {"Action": "sqs:SendMessage", "Resource": f"{QUEUE}{name}"}
    make_user(moving, sending).client("sqs").start_message_move_task(SourceArn=dead_letters)


def test_a_task_is_cancelled_only_with_permission_on_its_own_queue(
    make_user: Any, root: Any, name: str, dead_letters: str, refusal: Any
) -> None:
    """The handle has the queue's ARN, which anybody can write."""
    sqs = root("sqs")
    url = sqs.get_queue_url(QueueName=f"{name}-dlq")["QueueUrl"]
    for place in range(10):
        sqs.send_message(QueueUrl=url, MessageBody=str(place))
    handle = sqs.start_message_move_task(SourceArn=dead_letters, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
    sqs.create_queue(QueueName=f"{name}-own")
    own = make_user({"Action": "sqs:*", "Resource": f"{QUEUE}{name}-own"}).client("sqs")
    task = json.loads(b64decode(handle)) | {"sourceArn": f"{QUEUE}{name}-own"}
    for text in (handle, b64encode(json.dumps(task).encode()).decode()):
        code, message = refusal(own.cancel_message_move_task, TaskHandle=text)
        assert (code, f"on resource: {dead_letters} " in message) == ("AccessDenied", True)
    cancelling = make_user({"Action": "sqs:CancelMessageMoveTask", "Resource": dead_letters})
    cancelling.client("sqs").cancel_message_move_task(TaskHandle=handle)


def test_providers_and_devices_are_created_with_permission_on_their_arns(
    make_user: Any, name: str, refusal: Any
) -> None:
    allowed = [f"{IDENTITY}{each}" for each in (f"oidc-provider/{name}.example", f"mfa/{name}")]
    creating = ["iam:CreateOpenIDConnectProvider", "iam:CreateVirtualMFADevice"]
    iam = make_user({"Action": creating, "Resource": allowed}).client("iam")
    found = iam.create_open_id_connect_provider(Url=f"https://{name}.example")["OpenIDConnectProviderArn"]
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
    assert [found, device] == allowed
    other = f"https://other-{name}.example"
    assert refusal(iam.create_open_id_connect_provider, Url=other)[0] == "AccessDenied"


def test_a_key_is_looked_up_with_permission_on_its_user(make_user: Any, refusal: Any) -> None:
    one, other = make_user(), make_user()
    iam = make_user({"Action": "iam:GetAccessKeyLastUsed", "Resource": one.arn}).client("iam")
    assert iam.get_access_key_last_used(AccessKeyId=one.credentials["aws_access_key_id"])["UserName"]
    code, message = refusal(iam.get_access_key_last_used, AccessKeyId=other.credentials["aws_access_key_id"])
    assert (code, f"on resource: {other.arn} " in message) == ("AccessDenied", True)


def test_the_results_of_a_query_need_permission_on_its_groups(
    make_user: Any, root: Any, name: str, refusal: Any
) -> None:
    logs, group = root("logs"), f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}"
    logs.create_log_group(logGroupName=name)
    query = logs.start_query(logGroupName=name, startTime=0, endTime=1, queryString="fields @message")["queryId"]
    reading = {"Action": "logs:GetQueryResults", "Resource": f"{group}:*"}
    assert make_user(reading).client("logs").get_query_results(queryId=query)["results"] == []
    other = make_user({**reading, "Resource": f"{group}-other:*"}).client("logs")
    assert refusal(other.get_query_results, queryId=query)[0] == "AccessDeniedException"
