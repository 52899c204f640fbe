"""Recognizes the one spelling of a resource's ARN that policies are written for.

A service may accept further spellings: another partition, doubled slashes, a newline at the end. A policy would then
judge one text and the service act on another, so these spellings are refused. The forms follow AWS's service
authorization reference:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from functools import lru_cache

from pipeline_emulator.arn import Arn, find_arn, partition_of

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ACCOUNT = re.compile(r"[0-9]{12}|aws")
_PATH = r"(?:/[!-.0-~]+)*/"  # any printable characters but a slash between slashes: no empty parts
_IDENTITIES = "user|role|group|policy|instance-profile|server-certificate|saml-provider|mfa|sms-mfa"
# By service. `*` stands for all resources of a kind, and is part of no name.
_RESOURCES = {
    "cloudwatch": r"[a-z-]+[:/].*",
    "dynamodb": r"table/[\w.-]+(?:/(?:index|stream)/[\w.:-]+)?",
    "ecr": r"repository/(?:\*|[\w.-]+(?:/[\w.-]+)*)",
    "events": r"event-bus/[\w./-]+",
    "firehose": r"deliverystream/[\w.-]+",
    "iam": rf"(?:{_IDENTITIES}){_PATH}[\w+=,.@*-]+|oidc-provider/[\w.:/-]+|root",
    "kinesis": r"stream/[\w.-]+(?:/consumer/[\w.-]+:[0-9]+)?",
    "kms": r"key/(?:\*|[\w-]+)|alias/[\w/-]+",
    "lambda": r"(?:function|layer|event-source-mapping|code-signing-config|capacity-provider):[\w$.-]+(?::[\w$.-]+)?"
    r"(?:/durable-execution/[\w./-]+)?",
    "logs": r"log-group:[\w./#-]*(?::log-stream:[^:*]*|:\*)?|(?!log-group)[a-z-]+:[^:*]+",
    "s3": r"[\w.-]+(?:/.*)?",
    "sns": r"[\w-]+(?:\.fifo)?|(?:app|endpoint)/[\w.-]+(?:/[\w.-]+)*",
    "sqs": r"[\w-]+(?:\.fifo)?",
    "ssm": r"parameter/(?:[\w.-]+(?:/[\w.-]+)*)?",
    "sts": r"federated-user/[\w+=,.@-]*",
    "xray": r"[a-z-]+/.+",
}
_FORMS = {service: re.compile(form, re.ASCII | re.DOTALL) for service, form in _RESOURCES.items()}
_GLOBAL = frozenset({"iam", "s3", "sts"})
# Dashboards have no region.
_PERHAPS_GLOBAL = _GLOBAL | {"cloudwatch"}
# The emulator's resources of these services are always those of the client's account, whatever account an ARN names.
_OF_CLIENT = frozenset({"cloudwatch", "ecr", "events", "logs", "xray"})


@lru_cache(maxsize=4096)
def problem(resource: str) -> str | None:
    """Return why a text is not the spelling of an ARN that policies are written for; None if it is, or if it is `*`."""
    if resource == "*":
        return None
    arn = find_arn(resource)
    form = _FORMS.get(arn.service) if arn else None
    if arn is None or form is None:
        return f"{resource!r} is not the ARN of a resource"
    if arn.partition != partition_of(arn.region):
        return f"{resource!r} names another partition"
    if not (_is_placed(arn) and form.fullmatch(arn.resource)):
        return f"{resource!r} is not spelled like the ARN of a resource"
    return None


def misplaced(resource: str, account: str, region: str) -> str | None:
    """Return why a request to an endpoint cannot be about a resource; None if it can.

    Args:
        resource: an ARN that has no `problem`, or `*`.
        account: of the endpoint.
        region: of the endpoint.
    """
    arn = find_arn(resource)
    if arn is None:
        return None
    if arn.region not in ("", region):
        return f"{resource} is in another region than the endpoint"
    is_of_client = arn.service in _OF_CLIENT or (arn.service == "kms" and arn.resource.startswith("alias/"))
    if is_of_client and arn.account != account:
        return f"{resource} is in another account than the endpoint"
    return None


def _is_placed(arn: Arn) -> bool:
    if not arn.region:
        is_region = arn.service in _PERHAPS_GLOBAL
    else:
        is_region = arn.service not in _GLOBAL and _REGION.fullmatch(arn.region) is not None
    is_account = not arn.account if arn.service == "s3" else _ACCOUNT.fullmatch(arn.account) is not None
    return is_region and is_account
