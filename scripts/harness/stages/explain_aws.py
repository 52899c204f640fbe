"""Translates AWS's errors, from boto3 or inside Terraform's, into messages that name the cause and the next step."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
# Credentials that the SDK could not even obtain: there is no response with a code.
_NO_CREDENTIALS = re.compile(
    "[Nn]o valid credential sources|failed to refresh cached credentials|SSO session has expired"
)
# AWS's SDK for Go, in Terraform: "operation error S3: HeadObject, https response error StatusCode: 403, RequestID: x,
# HostID: y, api error Forbidden: Forbidden"; without "api error" where the API's model has the code.
_OF_TERRAFORM = re.compile(
    r"operation error (?P<service>[\w ]+): (?P<operation>\w+),.*?StatusCode: (?P<status>\d+), "
    r"(?:RequestID: [^,]*, )?(?:HostID: [^,]*, )?(?:api error )?(?P<code>\w+): ?(?P<message>.*)",
    re.DOTALL,
)
# boto3, in a command that Terraform runs.
_OF_BOTO3 = re.compile(
    r"An error occurred \((?P<code>\w+)\) when calling the (?P<operation>\w+) operation[^:]*: (?P<message>.*)",
    re.DOTALL,
)
# "User: arn:… is not authorized to perform: kinesis:CreateStream on resource: arn:… because no identity-based policy …"
_DENIED = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?:,? (?:on|with an explicit deny on) resource: (?P<resource>[^\s,]+))?"
)


@dataclass(frozen=True)
class Failure:
    """AWS's error response.

    Attributes:
        code: as in boto3; the HTTP status for a response without a body.
        message: AWS's own words; may be empty.
        operation: what was called, as `kinesis:CreateStream`, or without the service if it is not known.
    """

    code: str
    message: str
    operation: str


def failure(error: ClientError | BotoCoreError, region: str | None = None) -> HarnessError:
    """Return the error to show in place of boto3's.

    Args:
        error: boto3's.
        region: the region of an identity check, in which a disabled region gives the same error as invalid keys.
    """
    if isinstance(error, ConnectionError | HTTPClientError):
        return HarnessError(f"AWS cannot be reached: {error}", "check the network, the proxy and the region's name")
    if not isinstance(error, ClientError):
        return HarnessError(f"AWS cannot be called: {error}", "fix the error, then run it again")
    details = error.response.get("Error", {})
    answer = Failure(details.get("Code", ""), details.get("Message", ""), error.operation_name)
    return _explained(answer, region) or HarnessError(f"AWS responded: {error}", "fix the error, then run it again")


def of_terraform(text: str) -> HarnessError | None:
    """Return the error to show for an AWS error in Terraform's; None if Terraform's message is clear enough.

    Args:
        text: Terraform's error. AWS's is a part of it, the only form in which the provider reports it.
    """
    answer = parse(text)
    explained = _explained(answer) if answer else None
    return explained or (_expired() if _NO_CREDENTIALS.search(text) else None)


def parse(text: str) -> Failure | None:
    """Parse AWS's error response in an error of Terraform; None if there is none."""
    # The innermost comes last: credentials are fetched by operations of their own.
    start = max(text.rfind("operation error "), text.rfind("An error occurred ("), 0)
    if found := _OF_TERRAFORM.match(text, start):
        called = f"{found['service'].replace(' ', '').lower()}:{found['operation']}"
        code = found["status"] if found["code"] == "UnknownError" else found["code"]  # the SDK's, without a body
        return Failure(code, found["message"], called)
    if found := _OF_BOTO3.match(text, start):
        return Failure(found["code"], found["message"], found["operation"])
    return None


def _explained(answer: Failure, region: str | None = None) -> HarnessError | None:
    if answer.code in EXPIRED:
        return _expired()
    if answer.code in UNKNOWN:
        return _unknown(answer.code, region)
    return _denied(answer) if answer.code in DENIED else None


def _expired() -> CredentialsError:
    return CredentialsError("the AWS credentials have expired", LOG_IN + GOES_ON)


def _unknown(code: str, region: str | None = None) -> CredentialsError:
    disabled = f" (or {region} is not enabled for their account)" if region else ""
    return CredentialsError(f"AWS does not recognize these credentials ({code}){disabled}", LOG_IN)


def _denied(answer: Failure) -> DeniedError:
    """Return an error with the principal, action and resource, as far as the message names them."""
    if found := _DENIED.search(answer.message):
        on = f" on {found['resource']}" if found["resource"] else ""
        who = found["who"] or "the owner of these credentials"
        return DeniedError(f"{who} is not allowed to perform {found['action']}{on}", _allow(f"{found['action']}{on}"))
    return DeniedError(f"AWS denies {answer.operation}", _allow(answer.operation))  # S3 and older services name neither


def _allow(what: str) -> str:
    return f"allow {what} for that user or role, or use other credentials{GOES_ON}"
