"""What becomes of the event of an asynchronous invocation: its result, its retries, its dead letter.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from localstack.aws.connect import connect_to
from localstack.services.lambda_.invocation.event_manager import SQSInvocation, get_sqs_client
from localstack.utils.aws.arns import sqs_queue_url_for_arn
from localstack.utils.strings import convert_to_printable_chars

from pipeline_emulator import patches
from pipeline_emulator.arn import parse_arn, parse_function_arn

LOG = logging.getLogger(__name__)
_RETRIES = 2
_MESSAGE_BYTES = 1024
_LAMBDA: Any = "lambda"


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.HANDLE_EVENT.wrap
    def handle_message(_original: Callable[..., None], self: Any, message: Mapping[str, Any]) -> None:
        try:
            _handle(self, message)
        except Exception:  # nobody waits for the thread
            LOG.exception("Handling an event of %s failed", self.version_manager.function_arn)

    @patches.SEND_DEAD_LETTER.wrap
    def process_dead_letter_queue(
        _original: Callable[..., None], self: Any, sqs_invocation: Any, response_payload: Any
    ) -> None:
        version = self.version_manager.function_version
        if not (target := version.config.dead_letter_arn):
            return
        error = getattr(sqs_invocation, "error", None)
        attributes = attributes_of(sqs_invocation.invocation.request_id, response_payload, error)
        try:
            _send(target, sqs_invocation.invocation.payload.decode(), attributes, version)
        except Exception as failure:
            LOG.warning("Sending a dead letter to %s failed: %s", target, failure)


def _handle(poller: Any, message: Mapping[str, Any]) -> None:
    """Invoke the function with an event; pass on its result, or send the event to the queue again."""
    event: Any = SQSInvocation.decode(message["Body"])
    config, result = _config(poller, event.invocation), None
    try:
        result = _invoke(poller, event.invocation)
    except Exception as error:
        event.error = error  # for the dead letter
        poller._handle_invoke_exception(event, error, config)
    queue = get_sqs_client(poller.version_manager.function_version)
    queue.delete_message(QueueUrl=poller.event_queue_url, ReceiptHandle=message["ReceiptHandle"])
    if result is None:
        return
    payload, failed = _document(result[0]), result[1]
    if not failed:
        poller.process_success_destination(event, payload, config)
        return
    chosen = config and config.maximum_retry_attempts
    poller._handle_function_error(event, payload, config, _RETRIES if chosen is None else chosen)


def _config(poller: Any, invocation: Any) -> Any:
    """Return the configuration of the version or alias that the caller named; None if it has none."""
    qualifier = parse_function_arn(invocation.invoked_arn).qualifier or "$LATEST"
    return poller.version_manager.function.event_invoke_configs.get(qualifier)


def _invoke(poller: Any, invocation: Any) -> tuple[bytes, bool]:
    """Return what the function answers, and whether it is an error."""
    trace = invocation.trace_context["aws_trace_header"].to_header_str()
    client = poller.lambda_client.custom_headers({"X-Amzn-Trace-Id": trace, "X-Amz-Request-Id": invocation.request_id})
    answer = client.invoke(
        FunctionName=invocation.invoked_arn, Payload=invocation.payload, InvocationType="RequestResponse"
    )
    return answer["Payload"].read(), "FunctionError" in answer


def _document(answer: bytes) -> Any:
    """Return an answer as JSON; the text if it is none, as runtimes of functions may return."""
    try:
        return json.loads(answer)
    except ValueError:
        return answer.decode(errors="replace")


def attributes_of(request_id: str, response: Any, error: Exception | None) -> dict[str, dict[str, str]]:
    """Return the attributes of a dead letter.

    Args:
        request_id: of the invocation.
        response: of the function.
        error: for which the function was not invoked; None if it was.
    """
    status, text = 200, response.get("errorMessage") if isinstance(response, Mapping) else None
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        text = error.response["Error"].get("Message")
    elif error:
        status, text = 500, str(error)
    found = {
        "RequestID": {"DataType": "String", "StringValue": request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": str(status)},
    }
    # Neither SQS nor SNS accepts an empty attribute.
    printable = str(convert_to_printable_chars(str(text or "")))
    if shown := printable.encode()[:_MESSAGE_BYTES].decode(errors="ignore"):
        found["ErrorMessage"] = {"DataType": "String", "StringValue": shown}
    return found


def _send(target: str, event: str, attributes: Any, version: Any) -> None:
    """Send a dead letter, with the permissions of the function's role."""
    arn = parse_arn(target)
    clients = connect_to.with_assumed_role(
        role_arn=version.config.role, service_principal=_LAMBDA, region_name=arn.region
    )
    source = {"source_arn": version.id.unqualified_arn(), "service_principal": _LAMBDA}
    if arn.service == "sns":
        topics = clients.sns.request_metadata(**source)
        topics.publish(TopicArn=target, Message=event, MessageAttributes=attributes)
    else:
        queues = clients.sqs.request_metadata(**source)
        url = sqs_queue_url_for_arn(target)
        queues.send_message(QueueUrl=url, MessageBody=event, MessageAttributes=attributes)
