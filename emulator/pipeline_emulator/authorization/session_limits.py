"""What temporary credentials may not do, whatever their policies allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html. Nobody has a second factor here, so
the exceptions for it do not apply.
"""

from collections.abc import Mapping
from typing import Any

from localstack.aws.api import CommonServiceException

from pipeline_emulator.authorization import errors
from pipeline_emulator.authorization.callers import Caller
from pipeline_emulator.iam.principals import Kind, Principal

_TOKENS = frozenset({"GetFederationToken", "GetSessionToken"})
_OF_USER_SESSIONS = frozenset({"AssumeRole", "GetCallerIdentity"})
_OF_FEDERATED_USERS = frozenset({"GetCallerIdentity"})
CHAIN_SECONDS = 3600
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""


def require(caller: Caller | None, service: str, operation: str, request: Mapping[str, Any]) -> None:
    """Refuse what a session may not do.

    Args:
        caller: whose request it is; None for the root user.
        service: botocore's name.
        operation: its name.
        request: its parameters.

    Raises:
        CommonServiceException: AWS's error.
    """
    principal = caller.principal if caller and caller.token is not None else None
    if principal is None:
        return
    if service == "sts" and not _may_call_sts(principal, operation):
        raise errors.access_denied(service, f"Cannot call {operation} with session credentials")
    if service == "iam" and principal.kind in (Kind.USER, Kind.FEDERATED_USER):
        raise errors.unknown_key(service)
    if (service, operation) == ("sts", "AssumeRole"):
        _require_chain(principal, request)


def _may_call_sts(principal: Principal, operation: str) -> bool:
    if principal.kind is Kind.USER:
        return operation in _OF_USER_SESSIONS
    if principal.kind is Kind.FEDERATED_USER:
        return operation in _OF_FEDERATED_USERS
    return operation not in _TOKENS


def _require_chain(principal: Principal, request: Mapping[str, Any]) -> None:
    """Refuse a chained session that is longer than an hour, or has another source identity than the first.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    if principal.kind is not Kind.ROLE_SESSION:
        return
    if (request.get("DurationSeconds") or 0) > CHAIN_SECONDS:
        text = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        raise CommonServiceException("ValidationError", text, sender_fault=True)
    wanted = request.get("SourceIdentity")
    if wanted and principal.source_identity and wanted != principal.source_identity:
        raise errors.access_denied("sts", "The source identity of a session cannot be changed")
