"""Where events of asynchronous invocations end: the dead-letter queues and destinations that Lambda accepts.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html. The texts were recorded on AWS by
https://github.com/badmintoncryer/cdk-preflight; the one for FIFO queues is in the output of a public Terraform run.
"""

import functools
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api.lambda_ import InvalidParameterValueException
from localstack.aws.connect import connect_to

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, find_arn, parse_function_arn
from pipeline_emulator.event_source import request_rules

_DEAD_LETTERS = "Invalid dead letter queue ARN: {}"
_REGION = (
    "The resource specified by the TargetArn must be in the same region as the Lambda function it's associated with."
)
_SERVICE = "The service specified by the TargetArn is not supported for dead letter configuration."
_FIFO = "FIFO {} is not supported for dead letter configuration"
_KINDS = {"sqs": "SQS queue", "sns": "SNS topic"}
_LAMBDA: Any = "lambda"


def dead_letter_problem(target: str, region: str) -> str | None:
    """Return AWS's message for a dead-letter queue that a function in this region cannot have, or None."""
    arn = find_arn(target)
    if arn is None:
        return None  # the empty one removes it; others the service's model refuses
    if arn.region != region:
        return _DEAD_LETTERS.format(_REGION)
    if arn.service not in _KINDS:
        return _DEAD_LETTERS.format(_SERVICE)
    return _DEAD_LETTERS.format(_FIFO.format(_KINDS[arn.service])) if arn.resource.endswith(".fifo") else None


@functools.cache
def install() -> None:
    """Patch core, once per process."""

    @patches.CHECK_DESTINATIONS.wrap
    def _validate_destination_config(
        original: Callable[..., None], self: Any, store: Any, function_name: str, destination_config: Any
    ) -> None:
        """Accept a bucket for failures, too, and refuse what core accepts although AWS does not."""
        failure = find_arn(_destination(destination_config, "OnFailure"))
        if failure and failure.service == "s3":
            destination_config = {**destination_config, "OnFailure": {}}
        original(self, store, function_name, destination_config)
        for side in ("OnSuccess", "OnFailure"):
            arn = find_arn(_destination(destination_config, side))
            if arn and arn.resource.endswith(".fifo"):
                raise InvalidParameterValueException(_fifo(arn, destination_config), Type="User")

    @patches.SEND_TO_DESTINATION.wrap
    def send_event_to_target(original: Callable[..., None], target_arn: str, event: Any, **more: Any) -> None:
        arn = find_arn(target_arn)
        if arn and arn.service == "s3":
            _store(arn.resource, event, more["role"], more["source_arn"])
        elif arn and arn.service == "events":
            _put(arn, event, more["role"], more["source_arn"], more["events_detail_type"])
        else:
            original(target_arn=target_arn, event=event, **more)


def _destination(config: Mapping[str, Any], side: str) -> str:
    return (config.get(side) or {}).get("Destination") or ""


def _fifo(arn: Arn, config: Mapping[str, Any]) -> str:
    if arn.service == "sns":
        return request_rules.FIFO["sns"]
    shown = {side: f"{side}(destination={_destination(config, side)})" for side in ("OnSuccess", "OnFailure")}
    return (
        f"The provided destination config DestinationConfig(onSuccess={shown['OnSuccess']},"
        f" onFailure={shown['OnFailure']}) is invalid."
    )


def _put(bus: Arn, event: Any, role: str, function_arn: str, detail_type: str) -> None:
    """Put the record of an invocation on an event bus, with the permissions of the function's role."""
    clients = connect_to.with_assumed_role(role_arn=role, service_principal=_LAMBDA, region_name=bus.region)
    entry: Any = {
        "EventBusName": str(bus),
        "Source": "lambda",
        "DetailType": detail_type,
        "Detail": json.dumps(event),
        "Resources": [str(bus), event["requestContext"]["functionArn"]],
    }
    clients.events.request_metadata(source_arn=function_arn, service_principal=_LAMBDA).put_events(Entries=[entry])


def _store(bucket: str, event: Any, role: str, function_arn: str) -> None:
    """Write the record of an invocation, with the permissions of the function's role.

    The key is `aws/lambda/async/<function-name>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<Random UUID>`.
    """
    _, _, name, _ = function = parse_function_arn(function_arn)
    now = datetime.now(UTC)
    clients = connect_to.with_assumed_role(role_arn=role, service_principal=_LAMBDA, region_name=function.region)
    clients.s3.request_metadata(source_arn=function_arn, service_principal=_LAMBDA).put_object(
        Bucket=bucket,
        Key=f"aws/lambda/async/{name}/{now:%Y/%m/%d}/{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}",
        Body=json.dumps(event).encode(),
    )
