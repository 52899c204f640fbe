"""Authenticates requests to the URL of a queue, which older SQS clients send.

Core serves them outside its chain of handlers, and sends them on as calls of its own: with the key in the header,
whatever the signature, or as root. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.parser import RequestParserError
from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header

from pipeline_emulator import patches
from pipeline_emulator.authorization import authentication, errors, function_origin
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.callers import Caller

_SERVICE = "sqs"
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential={}/0/{}/sqs/aws4_request, SignedHeaders=host, Signature=0"


def install(authorizer: Authorizer) -> None:
    """Verify the signature before a request is sent on, with the key that it belongs to."""

    @patches.AUTHENTICATE_QUEUE_URLS.wrap
    def try_call_sqs(original: Callable[..., Any], request: Any, region: str) -> Any:
        named = extract_access_key_id_from_auth_header(request.headers)
        account = get_account_id_from_access_key_id(named or request.args.get("X-Amz-Credential", ""))
        claim, caller = authentication.authenticated(request, _SERVICE, _SERVICE, account)
        if claim:
            _refuse_function(authorizer, caller, request, account)
        key = claim.key if claim else authentication.ANONYMOUS_KEY
        request.headers["Authorization"] = _AUTHORIZATION.format(key, region)
        try:
            return original(request, region)
        except RequestParserError as error:
            raise CommonServiceException("MalformedInput", str(error), sender_fault=True) from error


def _refuse_function(authorizer: Authorizer, caller: Caller | None, request: Any, account: str) -> None:
    """Refuse a request that a function signs as the root user."""
    action = f"{_SERVICE}:{request.values.get('Action')}"
    found = function_origin.refusal_by_route(caller, request, account, action)
    if found and authorizer.record(found):
        raise errors.access_denied(_SERVICE, error_message(found))
