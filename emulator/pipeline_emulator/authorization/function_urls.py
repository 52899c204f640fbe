"""Authorizes requests to function URLs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html: since October 2025 they need lambda:InvokeFunctionUrl and
lambda:InvokeFunction. Policies tell the latter from an Invoke by the key lambda:InvokedViaFunctionUrl.
"""

from typing import Any

from localstack.aws.api.lambda_ import FunctionUrlAuthType
from werkzeug import Request

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.authorization import function_origin, signers
from pipeline_emulator.authorization.authentication import ANONYMOUS
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.signers import Signer
from pipeline_emulator.function_urls import hooks
from pipeline_emulator.function_urls.hooks import Access
from pipeline_emulator.iam.requests.call import Check

_AUTH_TYPE, _VIA_URL = "lambda:functionurlauthtype", "lambda:invokedviafunctionurl"


def install(authorizer: Authorizer) -> None:
    """Authorize every request to a function URL."""
    hooks.authorize.subscribe(lambda request, config: _access(authorizer, request, config))


def _access(authorizer: Authorizer, request: Request, config: Any) -> Access:
    """Return whether a request is served. With AuthType NONE, a signature says nothing: everybody must be allowed."""
    public = config.auth_type == FunctionUrlAuthType.NONE
    account = parse_arn(config.function_arn).account
    signer = Signer(ANONYMOUS, account) if public else signers.of(request, "lambda", account)
    by_function = function_origin.refusal_by_route(signer.caller, request, signer.account, "lambda:InvokeFunctionUrl")
    if by_function and authorizer.record(by_function):
        return Access(refused=error_message(by_function))
    for check in _checks(config):
        if why := signers.refusal(authorizer, signer, request, check):
            return Access(refused=why)
    return Access(identity=_identity(signer))


def _checks(config: Any) -> list[Check]:
    arn, auth_type = config.function_arn, str(config.auth_type)
    return [
        Check("lambda:InvokeFunctionUrl", arn, {_AUTH_TYPE: auth_type}, frozenset({_AUTH_TYPE})),
        Check("lambda:InvokeFunction", arn, {_VIA_URL: "true"}, frozenset({_VIA_URL})),
    ]


def _identity(signer: Signer) -> dict[str, str | None] | None:
    """Return the signer as events show it; None if nobody signed, which soft enforcement allows."""
    if signer.key is None:
        return None
    principal = signer.caller.principal if signer.caller else None
    account = (principal.account if principal else None) or signer.account
    user_id = principal.user_id if principal else account
    return {
        "accessKey": signer.key,
        "accountId": account,
        "callerId": user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": principal.arn if principal else f"arn:aws:iam::{account}:root",
        "userId": user_id,
    }
