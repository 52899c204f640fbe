"""Translates AWS's errors, from boto3 or inside Terraform's, into messages that name the cause and the next step."""

from __future__ import annotations

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's
    HTTPClientError,
)

from harness.errors import CredentialsError, DeniedError, HarnessError

LOG_IN = "log in (for example: aws sso login), or set AWS_PROFILE; `aws sts get-caller-identity` must work"
GOES_ON = "; then run it again: it continues where it stopped"

EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
UNKNOWN = (
    *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
    "RegionDisabledException",
)
DENIED = (
    *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationErrorException"),
    *("403", "Forbidden"),  # for a HEAD request, whose response has no body with a code
)
# Terraform prints AWS's errors only as text.
_EXPIRED = re.compile(
    "|".join(EXPIRED) + "|security token included in the request is expired|"
    "[Nn]o valid credential sources|failed to refresh cached credentials|SSO session has expired"
)
_UNKNOWN = re.compile("|".join(UNKNOWN))
# "User: arn:… is not authorized to perform: kinesis:CreateStream on resource: arn:… because no identity-based policy …"
_DENIED = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?:,? (?:on|with an explicit deny on) resource: (?P<resource>[^\s,]+))?"
)
# S3 and older services name neither action nor resource: use the operation that Terraform called instead.
_DENIED_SHORT = re.compile("|".join(code for code in DENIED if code.isalpha()) + r"|StatusCode: 403|\(403\)")
_OPERATION = re.compile(r"operation error (?P<service>[\w ]+): (?P<operation>\w+)|calling the (?P<boto>\w+) operation")


def failure(error: ClientError | BotoCoreError, region: str | None = None) -> HarnessError:
    """Return the error to show in place of boto3's.

    Args:
        error: boto3's.
        region: the region of an identity check, in which a disabled region gives the same error as invalid keys.
    """
    if isinstance(error, ConnectionError | HTTPClientError):
        return HarnessError(f"AWS cannot be reached: {error}", "check the network, the proxy and the region's name")
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    if code in EXPIRED:
        return _expired()
    if code in UNKNOWN:
        return _unknown(code, region)
    if code in DENIED:
        return _denied(str(error))
    return HarnessError(f"AWS responded: {error}", "fix the error, then run it again")


def of_terraform(text: str) -> HarnessError | None:
    """Return the error to show for an AWS error in Terraform's output; None if Terraform's message is clear enough.

    Args:
        text: contains the error's code or message.
    """
    if _EXPIRED.search(text):
        return _expired()
    if found := _UNKNOWN.search(text):
        return _unknown(found[0])
    return _denied(text) if _DENIED.search(text) or _DENIED_SHORT.search(text) else None


def _expired() -> CredentialsError:
    return CredentialsError("the AWS credentials have expired", LOG_IN + GOES_ON)


def _unknown(code: str, region: str | None = None) -> CredentialsError:
    disabled = f" (or {region} is not enabled for their account)" if region else ""
    return CredentialsError(f"AWS does not recognize these credentials ({code}){disabled}", LOG_IN)


def _denied(text: str) -> DeniedError:
    """Return an error with the principal, action and resource, as far as the message names them."""
    if found := _DENIED.search(text):
        on = f" on {found['resource']}" if found["resource"] else ""
        who = found["who"] or "the owner of these credentials"
        return DeniedError(f"{who} is not allowed to perform {found['action']}{on}", _allow(f"{found['action']}{on}"))
    what = _called(text)
    return DeniedError(f"AWS denies {what}", _allow(what))


def _allow(what: str) -> str:
    return f"allow {what} for that user or role, or use other credentials{GOES_ON}"


def _called(text: str) -> str:
    if not (found := _OPERATION.search(text)):
        return "access"
    return found["boto"] or f"{found['service'].replace(' ', '').lower()}:{found['operation']}"
