"""Selects the module that maps a service's requests."""

from collections.abc import Callable, Mapping

from pipeline_emulator.iam.requests import (
    beside_pipelines,
    ecr,
    events,
    iam,
    kinesis,
    kms,
    lambda_,
    logs,
    passed_roles,
    s3,
    s3_control,
    sns,
    sqs,
    sts,
    telemetry,
)
from pipeline_emulator.iam.requests.call import Call, Checks
from pipeline_emulator.iam.ternary import Undetermined

SERVICES: Mapping[str, Callable[[Call], Checks]] = {
    "cloudwatch": telemetry.cloudwatch_checks,
    "dynamodb": beside_pipelines.dynamodb_checks,
    "dynamodbstreams": beside_pipelines.stream_checks,
    "ecr": ecr.checks,
    "firehose": beside_pipelines.firehose_checks,
    "iam": iam.checks,
    "kinesis": kinesis.checks,
    "kms": kms.checks,
    "lambda": lambda_.checks,
    "logs": logs.checks,
    "s3": s3.checks,
    "s3control": s3_control.checks,
    "sns": sns.checks,
    "sqs": sqs.checks,
    "ssm": beside_pipelines.ssm_checks,
    "sts": sts.checks,
    "xray": telemetry.xray_checks,
}
"""Keyed by botocore's service name."""
_OPERATIONS: Mapping[tuple[str, str], Callable[[Call], Checks]] = {
    ("events", "PutEvents"): events.put_events_checks,
}
"""The known operations of other services."""


def checks(service: str, call: Call) -> Checks:
    """Return the checks that a request must pass."""
    found = SERVICES.get(service) or _OPERATIONS.get((service, call.operation))
    if found is None:
        return Undetermined(f"this emulator does not know which actions and resources of {service} a request is about")
    asked = found(call)
    return asked if isinstance(asked, Undetermined) else [*asked, *passed_roles.checks(service, call.parameters)]
