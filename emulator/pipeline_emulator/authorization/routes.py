"""Authorizes what LocalStack serves outside its AWS services: function URLs, and the list of a queue's messages.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import RequestContext
from localstack.http import Request, Response
from localstack.services.lambda_.invocation.models import lambda_stores

from pipeline_emulator import patches
from pipeline_emulator.arn import Arn, parse_arn, partition_of
from pipeline_emulator.authorization import access_keys, callers, errors
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.callers import Caller, ExpiredKeyError, UnknownKeyError
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.principals import Kind, Principal
from pipeline_emulator.iam.requests.call import Check

_AUTH_TYPE = "lambda:functionurlauthtype"
_ANONYMOUS = Caller(principal=Principal(kind=Kind.ANONYMOUS, arn="anonymous"))


def install(authorizer: Authorizer) -> None:
    """Authorize these routes before LocalStack registers them."""

    @patches.LIST_MESSAGES.wrap
    def list_messages(
        original: Callable[..., Any], self: Any, request: Request, region: str, account_id: str, queue_name: str
    ) -> Any:
        arn = str(Arn(partition_of(region), "sqs", region, account_id, queue_name))
        if why := _refusal(authorizer, request, Check("sqs:ReceiveMessage", arn)):
            raise errors.access_denied("sqs", why)
        return original(self, request, region, account_id, queue_name)

    @patches.INVOKE_BY_URL.wrap
    def invoke_by_url(
        original: Callable[..., Response], self: Any, request: Request, api_id: str, region: str, **parameters: str
    ) -> Response:
        check = _invocation(api_id, region)
        if check and _refusal(authorizer, request, check):
            headers = {"x-amzn-ErrorType": "AccessDeniedException"}
            return Response('{"Message":"Forbidden"}', 403, headers, mimetype="application/json")
        return original(self, request, api_id, region, **parameters)


def _invocation(api_id: str, region: str) -> Check | None:
    """Return the check for invoking the function with this URL; None if there is none."""
    found: Any = None
    for account in list(lambda_stores):
        for function in list(lambda_stores[account][region].functions.values()):
            for config in list(function.function_url_configs.values()):
                if config.url_id.lower() == api_id.lower():
                    found = config  # like core: the last one, if there are several
    if found is None:
        return None
    return Check(
        "lambda:InvokeFunctionUrl", found.function_arn, {_AUTH_TYPE: str(found.auth_type)}, frozenset({_AUTH_TYPE})
    )


def _refusal(authorizer: Authorizer, request: Request, check: Check) -> str | None:
    """Return why the signer of a request is refused; None if the request is served. The root user's always is."""
    try:
        caller = _ANONYMOUS if check.values.get(_AUTH_TYPE) == "NONE" else _caller(request)
    except (ExpiredKeyError, UnknownKeyError):
        return "The security token included in the request is invalid."
    if caller is None:
        return None
    arn = parse_arn(check.resource)
    origin = RequestOrigin(account=arn.account, region=arn.region, request=request)
    refused = authorizer.refusal(caller, check, origin)
    return error_message(refused) if refused else None


def _caller(request: Request) -> Caller | None:
    """Return who signed a request; None for the root user, an anonymous caller if nobody did."""
    key = access_keys.access_key(RequestContext(request))
    if key is None:
        return _ANONYMOUS
    account = get_account_id_from_access_key_id(key)
    return CALLERS.get((key, account), lambda: callers.from_key(key, account))
