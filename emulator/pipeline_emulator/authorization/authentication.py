"""Determines who sent a request: verifies its signature, and looks up the caller with its key."""

from collections.abc import Mapping
from datetime import UTC, datetime

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import RequestContext
from werkzeug import Request

from pipeline_emulator.authorization import access_keys, callers, errors, forms, settings, subscriptions, web_identity
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.callers import Caller, ExpiredKeyError, UnknownKeyError
from pipeline_emulator.authorization.signatures import errors as signature_errors
from pipeline_emulator.authorization.signatures import verify
from pipeline_emulator.authorization.signatures.chunks import Signing
from pipeline_emulator.authorization.signatures.claims import Claim, find
from pipeline_emulator.authorization.signatures.raw import RawRequest
from pipeline_emulator.iam.principals import Kind, Principal

# Stands for the missing key where a request is sent on within LocalStack. No client can use it.
ANONYMOUS_KEY = "anonymous"
ANONYMOUS = Caller(principal=Principal(kind=Kind.ANONYMOUS, arn="anonymous"))
# Their resource policies may allow everybody. Other services require a signature.
_OPEN_SERVICES = frozenset({"s3", "sqs", "sns"})
# What services do to hand on an event or a message.
_DELIVERIES = frozenset(
    {
        *(("lambda", "Invoke"), ("sns", "Publish"), ("sqs", "SendMessage"), ("sqs", "SendMessageBatch")),
        *(("kinesis", "PutRecord"), ("kinesis", "PutRecords")),
    }
)


def caller_of(context: RequestContext, service: str) -> Caller | None:
    """Return the caller of a request; None for the root user, or if the operation is open to anybody.

    Raises:
        CommonServiceException: the signature, the key, or the web identity token used instead, is invalid.
    """
    assert context.operation is not None
    if context.operation.name == web_identity.OPERATION:
        return web_identity.caller_of(context)
    if context.operation.name == web_identity.SAML_OPERATION:
        return web_identity.saml_caller_of(context)
    if context.is_internal_call:
        return _internal_caller(context, service)
    assert context.service is not None
    form = _form(context)
    claim, found = authenticated(context.request, service, context.service.signing_name, context.account_id, form)
    return found if claim else _anonymous(context, service)


def root_of(context: RequestContext) -> Caller | None:
    """Return the root user who signed a request without a caller; None if LocalStack makes it, or nobody signed it."""
    if context.is_internal_call or access_keys.access_key(context) is None:
        return None
    return callers.root_of(context.account_id)


def authenticated(
    request: Request, service: str, signing_name: str, account: str, form: Mapping[str, str] | None = None
) -> tuple[Claim | None, Caller | None]:
    """Verify the signature of a request. Return it, and whose it is: None for the root user.

    Without a signature, both are None.

    Args:
        request: the request, which core may have changed.
        service: botocore's name of the service.
        signing_name: the service's name in signatures.
        account: whose root user the root keys are.
        form: the fields of an S3 form.

    Raises:
        CommonServiceException: the signature or the key is invalid.
    """
    raw, form = RawRequest.of(request), form or {}
    claim = find(raw, service, form=form)
    access_keys.remember(request, claim.key if claim else None)
    if claim is None:
        verify.check_upload(raw, service, None)
        return None, None
    caller = _with_key(claim.key, account, service)
    verify.check_expiry(claim, service, datetime.now(UTC))
    if secret := caller.secret if caller else settings.root_secret():
        token = caller.token if caller else claim.token
        policy = next((value for name, value in form.items() if name.lower() == "policy"), None)
        verify.verify(raw, claim, service, signing_name, secret=secret, token=token, policy=policy)
    verify.check_upload(raw, service, Signing(claim, secret) if secret else None)
    return claim, caller


def _form(context: RequestContext) -> Mapping[str, str]:
    """Return the fields of an S3 form, which contains its signature and so names the account: core looks elsewhere."""
    assert context.operation is not None
    if context.operation.name != forms.OPERATION:
        return {}
    fields = forms.fields_of(context)
    if key := forms.key_of(fields):
        context.account_id = get_account_id_from_access_key_id(key)
    return fields


def _anonymous(context: RequestContext, service: str) -> Caller | None:
    assert context.operation is not None
    if context.operation.auth_type == "none":
        return None
    if subscriptions.is_open(service, context.operation.name, context.service_request or {}):
        return None
    if service in _OPEN_SERVICES:
        return ANONYMOUS
    raise signature_errors.missing(service)


def _internal_caller(context: RequestContext, service: str) -> Caller | None:
    """Return the caller of a request that LocalStack makes itself: a service, or a role that it uses."""
    assert context.operation is not None
    principal, key = access_keys.service_principal(context), access_keys.access_key(context)
    if key == ANONYMOUS_KEY:
        return ANONYMOUS
    found = _with_key(key, context.account_id, service) if key and callers.is_issued(key) else None
    if found is None and principal and _is_asked(service, context.operation.name, principal):
        return callers.for_service(f"{principal}.amazonaws.com")
    return found


def _is_asked(service: str, operation: str, principal: str) -> bool:
    """Return whether a service needs a permission of its own for what it does without a role.

    It needs the trust of a role, and the policy of the function, queue, topic or stream that it delivers to. Lambda has
    the function's role for that, and DynamoDB a service-linked role for streams. What each service needs:
    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html,
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html,
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html.
    """
    if (service, operation) in _DELIVERIES:
        return principal not in ("lambda", "dynamodb")
    return operation == "AssumeRole"


def _with_key(key: str, account: str, service: str) -> Caller | None:
    try:
        return CALLERS.get((key, account), lambda: callers.from_key(key, account))
    except UnknownKeyError as error:
        raise errors.unknown_key(service) from error
    except ExpiredKeyError as error:
        raise errors.expired_key(service) from error
