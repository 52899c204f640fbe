"""Who signed a request that LocalStack serves outside its chain of handlers for AWS services."""

from dataclasses import dataclass

from localstack.aws.accounts import get_account_id_from_access_key_id
from localstack.aws.api import RequestContext, ServiceException
from werkzeug import Request

from pipeline_emulator.arn import parse_arn
from pipeline_emulator.authorization import access_keys, callers
from pipeline_emulator.authorization.authentication import ANONYMOUS, authenticated
from pipeline_emulator.authorization.authorizer import Authorizer, error_message
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Check


@dataclass(frozen=True)
class Signer:
    """The sender of a request.

    Attributes:
        caller: None for the root user; an anonymous caller if nobody signed.
        account: whose root user it is.
        key: the access key; None without a signature.
        invalid: why the signature or the key is refused, or None.
    """

    caller: Caller | None
    account: str
    key: str | None = None
    invalid: str | None = None


def of(request: Request, service: str, owner: str) -> Signer:
    """Return who signed a request for a service; `owner` is the account of the resource."""
    named = access_keys.access_key(RequestContext(request))  # type: ignore[arg-type]
    account = get_account_id_from_access_key_id(named) if named else owner
    try:
        claim, caller = authenticated(request, service, service, account)
    except ServiceException as error:
        return Signer(ANONYMOUS, account, invalid=error.message)
    return Signer(caller, account, claim.key) if claim else Signer(ANONYMOUS, account)


def refusal(authorizer: Authorizer, signer: Signer, request: Request, check: Check) -> str | None:
    """Return why a request is refused; None if it is served."""
    if signer.invalid is not None:
        return signer.invalid
    arn = parse_arn(check.resource)
    origin = RequestOrigin(account=arn.account, region=arn.region, request=request)
    refused = authorizer.refusal(signer.caller or callers.root_of(signer.account), check, origin)
    return error_message(refused) if refused else None
