"""Resolves the federated principal behind a web identity token.

The account must have the token's issuer as a provider, and the provider the token's audience. The token's signature is
not checked. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext

from pipeline_emulator.arn import find_arn
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.policies import store_of
from pipeline_emulator.iam.decision import Decision
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.requests.web_identity import audiences_of, claims_of, issuer_of

OPERATION = "AssumeRoleWithWebIdentity"
SAML_OPERATION = "AssumeRoleWithSAML"
# Trust policies name these directly, without a provider in the account.
_BUILT_IN = frozenset({"accounts.google.com", "cognito-identity.amazonaws.com"})


def caller_of(context: RequestContext) -> Caller:
    """Return the caller of a token: the identity provider that issued it.

    Raises:
        CommonServiceException: the token is invalid or expired, or the account does not know its issuer or audience.
    """
    request: Any = context.service_request or {}
    claims = claims_of(request.get("WebIdentityToken") or "")
    if claims is None:
        raise _invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
    expires, now = claims.get("exp"), datetime.now(UTC).timestamp()
    if isinstance(expires, int | float) and expires <= now:
        text = f"Token expired: current date/time {int(now)} must be before the expiration date/time {int(expires)}"
        raise CommonServiceException("ExpiredTokenException", text, status_code=400, sender_fault=True)
    issuer = issuer_of(claims)
    if issuer in _BUILT_IN:
        return Caller(principal=Principal(kind=Kind.PROVIDER, arn=issuer))
    account = _account(request.get("RoleArn") or "", context)
    arn = f"arn:aws:iam::{account}:oidc-provider/{issuer}"
    provider = store_of(account).OIDC_PROVIDERS.get(arn)
    if provider is None:
        raise _invalid(f"No OpenIDConnect provider found in your account for {claims['iss']}")
    if not {*audiences_of(claims)} & {*provider.client_id_list}:
        raise _invalid("Incorrect token audience")
    return Caller(principal=Principal(kind=Kind.PROVIDER, arn=arn))


def saml_caller_of(context: RequestContext) -> Caller:
    """Return the caller of AssumeRoleWithSAML: the SAML provider that the request names. The assertion is not checked.

    Raises:
        CommonServiceException: the account has no such provider.
    """
    request: Any = context.service_request or {}
    arn = request.get("PrincipalArn") or ""
    if arn not in store_of(_account(request.get("RoleArn") or "", context)).SAML_PROVIDERS:
        raise _invalid(f"No SAML provider {arn} found in your account")
    return Caller(principal=Principal(kind=Kind.PROVIDER, arn=arn))


def refusal_of(decision: Decision) -> str | None:
    """Return AWS's message if a trust policy rejects a token, which names no principal; None for other decisions."""
    action = f"sts:{OPERATION}"
    return f"Not authorized to perform {action}" if decision.action == action else None


def _account(role_arn: str, context: RequestContext) -> str:
    arn = find_arn(role_arn)
    return arn.account if arn and arn.account.isdigit() and len(arn.account) == 12 else context.account_id


def _invalid(text: str) -> CommonServiceException:
    return CommonServiceException("InvalidIdentityToken", text, status_code=400, sender_fault=True)
