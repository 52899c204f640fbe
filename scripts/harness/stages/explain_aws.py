"""Translates AWS's errors, from boto3 or inside Terraform's, into messages that name the cause and the next step."""

from __future__ import annotations

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's
    HTTPClientError,
)

from harness.errors import HarnessError

LOG_IN = "log in (for example: aws sso login), or set AWS_PROFILE; `aws sts get-caller-identity` must work"
GOES_ON = "; then run it again: it continues where it stopped"

_EXPIRED = re.compile(
    r"ExpiredToken|RequestExpired|TokenRefreshRequired|security token included in the request is expired|"
    r"[Nn]o valid credential sources|failed to refresh cached credentials|SSO session has expired"
)
_UNKNOWN = re.compile(
    r"InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|SignatureDoesNotMatch|RegionDisabled"
)
# "User: arn:… is not authorized to perform: kinesis:CreateStream on resource: arn:… because no identity-based policy …"
_DENIED = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?:,? (?:on|with an explicit deny on) resource: (?P<resource>[^\s,]+))?"
)
# S3 and older services name neither action nor resource: use the operation that Terraform called instead.
_DENIED_SHORT = re.compile(
    r"AccessDenied|UnauthorizedOperation|AuthorizationError|StatusCode: 403|\(403\)|api error Forbidden"
)
_OPERATION = re.compile(r"operation error (?P<service>[\w ]+): (?P<operation>\w+)|calling the (?P<boto>\w+) operation")


def failure(error: ClientError | BotoCoreError, region: str | None = None) -> HarnessError:
    """Return the error to show in place of boto3's.

    Args:
        error: boto3's.
        region: the region of an identity check, in which a disabled region gives the same error as invalid keys.
    """
    if isinstance(error, ConnectionError | HTTPClientError):
        return HarnessError(f"AWS cannot be reached: {error}", "check the network, the proxy and the region's name")
    text = str(error)
    if isinstance(error, ClientError) and (known := of_text(text)):
        if region and _UNKNOWN.search(text):
            return HarnessError(f"{known.cause} (or {region} is not enabled for their account)", known.next_step)
        return known
    return HarnessError(f"AWS responded: {text}", "fix the error, then run it again")


def of_text(text: str) -> HarnessError | None:
    """Return what an AWS error means; None if its own message says it best.

    Args:
        text: contains the error's code or message.
    """
    if _EXPIRED.search(text):
        return HarnessError("the AWS credentials have expired", LOG_IN + GOES_ON)
    if found := _UNKNOWN.search(text):
        return HarnessError(f"AWS does not know these credentials ({found[0]})", LOG_IN)
    if found := _DENIED.search(text):
        on = f" on {found['resource']}" if found["resource"] else ""
        who = found["who"] or "these credentials"
        return HarnessError(f"{who} may not do {found['action']}{on}", _allow(f"{found['action']}{on}"))
    if _DENIED_SHORT.search(text):
        what = _called(text)
        return HarnessError(f"AWS denies {what}", _allow(what))
    return None


def _allow(what: str) -> str:
    return f"allow {what} for that user or role, or use other credentials{GOES_ON}"


def _called(text: str) -> str:
    if not (found := _OPERATION.search(text)):
        return "access"
    return found["boto"] or f"{found['service'].replace(' ', '').lower()}:{found['operation']}"
