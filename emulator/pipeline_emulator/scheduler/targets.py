"""Calls the target of a schedule, with the permissions of its role.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from localstack.aws.connect import connect_to
from localstack.utils.aws.arns import sqs_queue_url_for_arn
from localstack.utils.aws.client_types import ServicePrincipal

from pipeline_emulator.arn import parse_arn

LOG = logging.getLogger(__name__)
_PRINCIPAL = ServicePrincipal("scheduler")
# AWS waits longer, and tries again for up to a day.
_MOST_RETRIES, _PAUSE_SECONDS = 2, 1.0


def call(schedule: Any, due: datetime) -> None:
    """Call a schedule's target. If it fails, its dead-letter queue gets the input."""
    target: Mapping[str, Any] = schedule.target
    retries = min((target.get("RetryPolicy") or {}).get("MaximumRetryAttempts", _MOST_RETRIES), _MOST_RETRIES)
    execution = str(uuid.uuid4())
    for attempt in range(retries + 1):
        text = _input(schedule, due, execution, attempt + 1)
        try:
            _send(schedule, target, text)
        except Exception as error:
            LOG.warning("Schedule %s cannot call its target %s: %s", schedule.arn, target["Arn"], error)
            if attempt < retries:
                time.sleep(_PAUSE_SECONDS)
            elif queue := (target.get("DeadLetterConfig") or {}).get("Arn"):
                _dead_letter(schedule, queue, text)
        else:
            return


def _dead_letter(schedule: Any, queue: str, text: str) -> None:
    try:
        _send(schedule, {"Arn": queue, "RoleArn": schedule.target["RoleArn"]}, text)
    except Exception as error:
        LOG.warning("Schedule %s cannot use its dead-letter queue %s: %s", schedule.arn, queue, error)


def _input(schedule: Any, due: datetime, execution: str, attempt: int) -> str:
    """Return the input, in which some words in angle brackets have a meaning.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    at = due.strftime("%Y-%m-%dT%H:%M:%SZ")
    text: str | None = schedule.target.get("Input")
    if not text:
        arn = parse_arn(schedule.arn)
        return json.dumps(
            {
                "version": "0", "id": execution, "detail-type": "Scheduled Event", "source": "aws.scheduler",
                "account": arn.account, "time": at, "region": arn.region, "resources": [schedule.arn], "detail": "{}",
            }
        )  # fmt: skip
    words = {"schedule-arn": schedule.arn, "scheduled-time": at, "execution-id": execution, "attempt-number": attempt}
    for name, value in words.items():
        text = text.replace(f"<aws.scheduler.{name}>", str(value))
    return text


def _send(schedule: Any, target: Mapping[str, Any], text: str) -> None:
    service, region = parse_arn(target["Arn"]).service, parse_arn(target["Arn"]).region
    if service not in _SENDERS:
        raise NotImplementedError(f"the emulator calls only {', '.join(_SENDERS)}")
    clients = connect_to.with_assumed_role(
        role_arn=target["RoleArn"], service_principal=_PRINCIPAL, region_name=region or parse_arn(schedule.arn).region
    )
    client = clients.get_client(service).request_metadata(source_arn=schedule.arn, service_principal=_PRINCIPAL)
    _SENDERS[service](client, target, text)


def _to_lambda(client: Any, target: Mapping[str, Any], text: str) -> None:
    client.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=text.encode())


def _to_sqs(client: Any, target: Mapping[str, Any], text: str) -> None:
    group = (target.get("SqsParameters") or {}).get("MessageGroupId")
    client.send_message(
        QueueUrl=sqs_queue_url_for_arn(target["Arn"]), MessageBody=text, **({"MessageGroupId": group} if group else {})
    )


def _to_sns(client: Any, target: Mapping[str, Any], text: str) -> None:
    client.publish(TopicArn=target["Arn"], Message=text)


def _to_kinesis(client: Any, target: Mapping[str, Any], text: str) -> None:
    key = target["KinesisParameters"]["PartitionKey"]
    client.put_record(StreamARN=target["Arn"], PartitionKey=key, Data=text.encode())


_SENDERS: Mapping[str, Callable[[Any, Mapping[str, Any], str], None]] = {
    "lambda": _to_lambda, "sqs": _to_sqs, "sns": _to_sns, "kinesis": _to_kinesis,
}  # fmt: skip
