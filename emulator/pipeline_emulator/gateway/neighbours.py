"""Refuses what services beside a pipeline would not store on AWS: redrive policies of queues, patterns of rules."""

import functools
import json
from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.http import Response

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, find_arn
from pipeline_emulator.authorization import resources

_WITH_REDRIVE = frozenset({"CreateQueue", "SetQueueAttributes"})
# Reported by https://github.com/serverless/serverless/issues/5215 and https://github.com/byu-oit/handel/issues/253.
_INVALID = "Value {} for parameter RedrivePolicy is invalid. Reason: {}."
_MISSING = "Dead letter target does not exist"
_OTHER_OWNER = "Dead-letter target owner should be same as the source"
_OTHER_TYPE = "Dead-letter queue must be same type of queue as the source."
_NOT_ALLOWED = "The dead-letter queue's RedriveAllowPolicy does not allow this source queue"  # our words: none recorded
_NO_MAP = "Invalid value for the parameter RedrivePolicy. Reason: Redrive policy is not a valid JSON map."


def install() -> None:
    """Check requests before their service gets them."""
    patches.CHECK_NEIGHBOURS.append(_check)


def _check(_chain: Any, context: RequestContext, _response: Response) -> None:
    """Refuse a redrive policy or an event pattern that is not valid.

    Raises:
        ServiceException: AWS's error.
    """
    if context.service is None or context.operation is None:
        return
    service, operation = context.service.service_name.removesuffix("-query"), context.operation.name
    request: Any = context.service_request or {}
    if service == "sqs" and operation in _WITH_REDRIVE:
        text = (request.get("Attributes") or {}).get("RedrivePolicy")
        if text:
            _require_redrive(text, _queue_name(request), context)
    elif (service, operation) == ("events", "PutRule") and (pattern := request.get("EventPattern")):
        _compiler().compile_event_pattern(pattern)


def _require_redrive(text: str, queue: str, context: RequestContext) -> None:
    """Refuse a redrive policy that a queue may not have; core checks the number of receives, and what is missing.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
    """
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise CommonServiceException("InvalidAttributeValue", _NO_MAP, sender_fault=True)
    target = policy.get("deadLetterTargetArn")
    if target and (why := _target_problem(find_arn(str(target)), queue, context)):
        raise CommonServiceException("InvalidParameterValue", _INVALID.format(text, why), sender_fault=True)


def _target_problem(arn: Arn | None, queue: str, context: RequestContext) -> str | None:
    if arn is None or arn.service != "sqs" or arn.region != context.region:
        return _MISSING
    if arn.account != context.account_id:
        return _OTHER_OWNER
    found = resources.queue(arn)
    if found is None:
        return _MISSING
    if arn.resource.endswith(".fifo") != queue.endswith(".fifo"):
        return _OTHER_TYPE
    allowed = found.attributes.get("RedriveAllowPolicy")
    return None if _allows(allowed, str(arn._replace(resource=queue))) else _NOT_ALLOWED


def _allows(policy: str | None, source: str) -> bool:
    """Return whether a queue's RedriveAllowPolicy lets another one use it for dead letters. Core stores any text."""
    try:
        found = json.loads(policy) if policy else {}
    except (ValueError, RecursionError):
        return True
    permission = found.get("redrivePermission") if isinstance(found, dict) else None
    if permission == "byQueue":
        return source in (found.get("sourceQueueArns") or ())
    return permission != "denyAll"


def _queue_name(request: Mapping[str, Any]) -> str:
    return str(request.get("QueueName") or str(request.get("QueueUrl")).rpartition("/")[2])


@functools.cache
def _compiler() -> Any:
    from localstack.services.events.event_rule_engine import EventPatternCompiler  # late: few stacks have rules

    compiler: Any = EventPatternCompiler
    return compiler()
