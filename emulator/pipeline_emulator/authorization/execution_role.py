"""Checks the execution role's permissions before Lambda accepts a function or a mapping.

They apply to every caller, the root user included. AWS documents the permissions; the messages are those that Lambda's
users report.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.lambda_ import InvalidParameterValueException

from pipeline_emulator.arn import find_arn, parse_arn, parse_function_arn
from pipeline_emulator.authorization import callers, image_access, resources
from pipeline_emulator.authorization.authorizer import Authorizer
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.authorization.settings import refuses_tracing
from pipeline_emulator.iam.requests.call import Check
from pipeline_emulator.services import provider

# https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html#services-kinesis-permissions
_READ_ACTIONS = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
_CONSUMER_ACTIONS = ("DescribeStreamSummary", "ListShards")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
_QUEUE_ACTIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
# https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html. Terraform's provider waits while it reads the start.
_TABLE_ACTIONS = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
# https://github.com/aws-samples/cross-account-amazon-dynamodb-replication/issues/11
_ACCESS = "Cannot access stream {}. Please ensure the role can perform the {} Actions on your stream in IAM."
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html#services-xray-permissions
_TRACING = ("PutTraceSegments", "PutTelemetryRecords")
_FUNCTIONS = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})
_DESTINATIONS = frozenset({"PutFunctionEventInvokeConfig", "UpdateFunctionEventInvokeConfig"})
_MAPPINGS = frozenset({"CreateEventSourceMapping", "UpdateEventSourceMapping"})


def authorize(context: RequestContext, caller: Caller | None, authorizer: Authorizer) -> None:
    """Check the permissions that the function or mapping in a request to Lambda will need.

    Raises:
        CommonServiceException: a role, or Lambda itself, lacks one.
    """
    assert context.service
    assert context.operation
    if context.service.service_name != "lambda":
        return
    operation, request = context.operation.name, context.service_request or {}
    if operation in ("CreateFunction", "UpdateFunctionCode"):
        image_access.authorize(context, caller, authorizer)
    if operation == "UpdateFunctionConfiguration":
        _require_trust(context, request)
    if operation in _FUNCTIONS:
        _authorize_tracing(context, request, authorizer)
        _authorize_dead_letters(context, request, authorizer)
    if operation in _DESTINATIONS:
        _authorize_destinations(context, request, authorizer)
    if operation in _MAPPINGS:
        _authorize_mapping(context, request, authorizer)


def _require_trust(context: RequestContext, request: Any) -> None:
    """Check that Lambda may assume a function's new role; core checks that of a new function."""
    role = request.get("Role")
    if not role or not resources.execution_role(resources.function_arn(context, request["FunctionName"])):
        return
    if not provider("lambda").lambda_service.can_assume_role(role, context.region):
        raise InvalidParameterValueException(
            "The role defined for the function cannot be assumed by Lambda.", Type="User"
        )


def _authorize_tracing(context: RequestContext, request: Any, authorizer: Authorizer) -> None:
    """Check that the role may write traces. What Lambda does if it may not is not settled.

    Reports of 2017 to 2020 show a refusal, but courses deploy active tracing without the permissions since 2022. So the
    denial is listed and the request served, unless LAMBDA_REFUSE_TRACING is set.
    """
    if (request.get("TracingConfig") or {}).get("Mode") != "Active":
        return
    function = resources.function_arn(context, request["FunctionName"])
    role = request.get("Role") or resources.execution_role(function)
    if not role:
        return
    checks = [Check(f"xray:{action}", "*") for action in _TRACING]
    if refuses_tracing():
        _require(context, role, function, checks, authorizer, "{action} on XRAY")
        return
    session, origin = _session(context, role, function)
    for check in checks:
        authorizer.report(session, check, origin)


def _authorize_dead_letters(context: RequestContext, request: Any, authorizer: Authorizer) -> None:
    """Check that the role may send to the function's dead-letter queue.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq
    """
    target = (request.get("DeadLetterConfig") or {}).get("TargetArn") or ""
    function = resources.function_arn(context, request["FunctionName"])
    role = request.get("Role") or resources.execution_role(function)
    arn = find_arn(target)
    if arn and role and arn.service in ("sqs", "sns"):
        _require(context, role, function, list(_delivery(target)), authorizer, "{action} on {service}")


def _authorize_destinations(context: RequestContext, request: Any, authorizer: Authorizer) -> None:
    """Check that the role may send records of asynchronous invocations to their new destinations.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations
    """
    function = resources.function_arn(context, request["FunctionName"])
    role = resources.execution_role(function)
    folder = f"aws/lambda/async/{parse_function_arn(function).name}/"
    for side in ("OnSuccess", "OnFailure"):
        target = ((request.get("DestinationConfig") or {}).get(side) or {}).get("Destination") or ""
        if role and find_arn(target):
            _require(context, role, function, list(_delivery(target, folder)), authorizer, "{action} on {service}")


def _authorize_mapping(context: RequestContext, request: Any, authorizer: Authorizer) -> None:
    mapping = resources.mapping(context.account_id, context.region, request.get("UUID") or "")
    function = resources.function_arn(context, request.get("FunctionName") or mapping.get("FunctionArn") or "")
    role = resources.execution_role(function)
    source = request.get("EventSourceArn") or mapping.get("EventSourceArn") or ""
    arn = find_arn(source)
    if role is None or arn is None:
        return
    if arn.service == "sqs" and resources.queue(arn) is None:
        return  # Lambda says so
    if arn.service == "sqs":
        checks = [Check(f"sqs:{action}", source) for action in _QUEUE_ACTIONS]
        _require(context, role, function, checks, authorizer, "{action} on {service}")
    elif arn.service == "dynamodb":
        checks = [Check(f"dynamodb:{action}", source) for action in _TABLE_ACTIONS]
        if _refused(context, role, function, checks, authorizer):
            actions = "GetRecords, GetShardIterator, DescribeStream, and ListStreams"
            raise InvalidParameterValueException(_ACCESS.format(source, actions), Type="User")
    elif arn.resource.startswith("stream/") and (
        refused := _refused(context, role, function, list(_reading(source)), authorizer)
    ):
        actions = "GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams"
        text = _ACCESS.format(source, actions)
        raise InvalidParameterValueException(f"{text} (Not allowed: {refused.action})", Type="User")
    destination = ((request.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if destination:
        _require(context, role, function, list(_delivery(destination)), authorizer, "{action} on {service}")


def _reading(source: str) -> Iterator[Check]:
    """Yield the checks for reading a stream, or for reading it through a registered consumer."""
    stream, separator, _ = source.partition("/consumer/")
    for action in _CONSUMER_ACTIONS if separator else _READ_ACTIONS:
        yield Check(f"kinesis:{action}", stream)
    if separator:
        yield Check("kinesis:SubscribeToShard", source)


def _delivery(destination: str, folder: str = "aws/lambda/") -> Iterator[Check]:
    """Yield the checks for writing to a destination, in a bucket below a folder.

    https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html
    """
    service = parse_arn(destination).service
    if service == "s3":
        yield Check("s3:ListBucket", destination)
        yield Check("s3:PutObject", f"{destination}/{folder}")
    elif service == "sqs":
        yield Check("sqs:SendMessage", destination)
    elif service == "sns":
        yield Check("sns:Publish", destination)
    elif service == "lambda":
        yield Check("lambda:InvokeFunction", destination)
    elif service == "events":
        yield Check("events:PutEvents", destination)


def _require(
    context: RequestContext, role: str, function: str, checks: list[Check], authorizer: Authorizer, what: str
) -> None:
    if refused := _refused(context, role, function, checks, authorizer):
        service, _, action = refused.action.partition(":")
        missing = what.format(action=action, service=service.upper())
        raise InvalidParameterValueException(
            f"The provided execution role does not have permissions to call {missing}", Type="User"
        )


def _refused(
    context: RequestContext, role: str, function: str, checks: Sequence[Check], authorizer: Authorizer
) -> Check | None:
    """Return the first check that a session of the role does not pass."""
    session, origin = _session(context, role, function)
    return next((check for check in checks if authorizer.refusal(session, check, origin)), None)


def _session(context: RequestContext, role: str, function: str) -> tuple[Caller, RequestOrigin]:
    """Return a session of the role as Lambda creates it for a function, and the origin of its requests."""
    origin = RequestOrigin(account=context.account_id, region=context.region, source_arn=function)
    return callers.for_role(role, parse_function_arn(function).name), origin
