"""Authorizes registry requests made with an ECR password, which container clients send instead of a signature."""

from localstack.aws.api import RequestContext
from werkzeug import Request

from pipeline_emulator.authorization import access_keys, callers, role_use
from pipeline_emulator.authorization.authorizer import decide, error_message
from pipeline_emulator.authorization.caller_cache import CALLERS
from pipeline_emulator.authorization.callers import Caller, ExpiredKeyError, UnknownKeyError
from pipeline_emulator.authorization.origin import RequestOrigin
from pipeline_emulator.iam.requests.call import Check


def issued_key(context: RequestContext) -> str | None:
    """Return the access key of the user or session that makes a request; None for the root user."""
    key = access_keys.access_key(context)
    try:
        return key if key and callers.from_key(key, context.account_id) else None
    except (ExpiredKeyError, UnknownKeyError):  # refused earlier, unless IAM_ENFORCEMENT=off
        return None


def refusal(scope: tuple[str, str], key: str | None, action: str, repository: str, request: Request) -> str | None:
    """Return why a request is refused; None if it is served.

    Args:
        scope: account and region of the registry.
        key: the access key that requested the password; None for the root user, who needs no permission.
        action: the ECR action, without prefix.
        repository: its name.
        request: the container client's request.

    Raises:
        UnknownKeyError: the key no longer exists.
    """
    if role_use.AUTHORIZER is None or key is None:
        return None
    found = role_use.AUTHORIZER.refusal(
        _caller(key, scope[0]), _check(scope, action, repository), _origin(scope, request)
    )
    return error_message(found) if found else None


def allows(scope: tuple[str, str], key: str | None, action: str, repository: str, request: Request) -> bool:
    """Return whether an optional action is allowed, without recording a denial. Takes the arguments of `refusal`."""
    if role_use.AUTHORIZER is None or key is None:
        return True
    check = _check(scope, action, repository)
    return decide(_caller(key, scope[0]), check, _origin(scope, request)).allowed


def _caller(key: str, account: str) -> Caller:
    """Return the current owner of a key. A password outlives the session that requested it."""
    found = CALLERS.get(("registry", key, account), lambda: callers.from_key(key, account, allow_expired=True))
    if found is None:  # the key was issued to a user who has been deleted
        raise UnknownKeyError
    return found


def _check(scope: tuple[str, str], action: str, repository: str) -> Check:
    account, region = scope
    return Check(f"ecr:{action}", f"arn:aws:ecr:{region}:{account}:repository/{repository}")


def _origin(scope: tuple[str, str], request: Request) -> RequestOrigin:
    account, region = scope
    return RequestOrigin(account=account, region=region, request=request)
