"""Roles that a request gives a service to act with: each needs iam:PassRole.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_emulator.iam.requests.call import Check, Parameters

_SERVICES = {
    "cloudwatch": "streams.metrics.cloudwatch.amazonaws.com",  # of metric streams, which alone have a role
    **{name: f"{name}.amazonaws.com" for name in ("ecr", "firehose", "lambda", "logs", "s3", "sns")},
}
"""The principals that get roles, by the name of the service that is asked."""


def pass_role(role: str, principal: str) -> Check:
    """Return the check for passing a role to a service.

    Args:
        role: its ARN.
        principal: of the service, such as `lambda.amazonaws.com`.
    """
    return Check("iam:PassRole", role, {"iam:passedtoservice": principal}, frozenset({"iam:passedtoservice"}))


def checks(service: str, parameters: Parameters) -> list[Check]:
    """Return the checks for passing the roles in a request's parameters, however deep, to the service."""
    principal = _SERVICES.get(service)
    return [pass_role(role, principal) for role in _roles(parameters)] if principal else []


def _roles(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _roles(item)
    if not isinstance(value, Mapping):
        return
    if _names_role(value.get("AttributeName")) and value.get("AttributeValue"):  # SNS
        yield str(value["AttributeValue"])
    for name, member in value.items():
        if isinstance(member, str):
            if member and _names_role(name):
                yield member
        else:
            yield from _roles(member)


def _names_role(name: object) -> bool:
    text = str(name).lower()
    return text in ("role", "invocationrole") or text.endswith("rolearn")
