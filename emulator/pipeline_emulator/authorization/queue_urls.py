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
from pipeline_emulator.authorization import authentication, callers, errors, function_origin, internal_calls, names
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Call, Lookups
from pipeline_emulator.iam.requests.services import checks
from pipeline_emulator.iam.ternary import Undetermined

_SERVICE = "sqs"
_AUTHORIZATION = "AWS4-HMAC-SHA256 Credential={}/0/{}/sqs/aws4_request, SignedHeaders=host, Signature=0"


def install(authorizer: Authorizer) -> None:
    """Verify the signature before a request is sent on, with the key that it belongs to."""

    @patches.AUTHENTICATE_QUEUE_URLS.wrap
    def try_call_sqs(original: Callable[..., Any], request: Any, region: str) -> Any:
        named = extract_access_key_id_from_auth_header(request.headers)
        presigned = request.args.get("X-Amz-Credential", "").partition("/")[0]
        account = get_account_id_from_access_key_id(named or presigned)
        claim, caller = authentication.authenticated(request, _SERVICE, _SERVICE, account)
        if claim:
            _refuse_function(authorizer, caller, request, account)
            _refuse_root_of_another_account(authorizer, caller, request, account, region)
        key = claim.key if claim else authentication.ANONYMOUS_KEY
        request.headers["Authorization"] = _AUTHORIZATION.format(key, region)
        try:
            with internal_calls.sent_on(request):
                return original(request, region)
        except RequestParserError as error:
            raise CommonServiceException("MalformedInput", str(error), sender_fault=True) from error


def _refuse_function(authorizer: Authorizer, caller: Caller | None, request: Any, account: str) -> None:
    """Refuse a request that a function signs as the root user."""
    action = f"{_SERVICE}:{request.values.get('Action')}"
    found = function_origin.refusal_by_route(caller, request, account, action)
    if found and authorizer.record(found):
        raise errors.access_denied(_SERVICE, error_message(found))


def _refuse_root_of_another_account(
    authorizer: Authorizer, caller: Caller | None, request: Any, account: str, region: str
) -> None:
    """Refuse a root user whom the queue's policy does not allow: core's own calls as a root user are not judged."""
    if caller is not None:
        return
    queue = names.queue_of(request.values.get("QueueUrl") or request.base_url, account, region)
    call = Call(
        str(request.values.get("Action")), {"QueueUrl": queue}, account, region, Lookups(queue_of=lambda _: queue)
    )
    found = checks(_SERVICE, call)
    origin = RequestOrigin(account=account, region=region, request=request)
    for check in [] if isinstance(found, Undetermined) else found:
        if refused := authorizer.refusal(callers.root_of(account), check, origin):
            raise errors.access_denied(_SERVICE, error_message(refused))
