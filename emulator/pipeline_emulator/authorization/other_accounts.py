"""Finds the resources of other accounts that a request names."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline_emulator.arn import find_arn
from pipeline_emulator.iam.requests.call import Call

_ACCOUNT = "AccountId"
# It simulates policies for any principal and resource, and reads none of them.
_SIMULATES = frozenset({"SimulateCustomPolicy", "SimulatePrincipalPolicy"})


def named(call: Call, service: str | None = None) -> str | None:
    """Return the first ARN in a request that is another account's, or that account's number; None if there is none.

    Args:
        call: the request.
        service: only ARNs of this service count.
    """
    if call.operation in _SIMULATES:
        return None
    return next(_others(call.parameters, call.account, service), None)


def _others(value: Any, account: str, service: str | None) -> Iterator[str]:
    if isinstance(value, str):
        arn = find_arn(value)
        if arn and arn.account not in ("", "aws", account) and service in (None, arn.service):
            yield value
    elif isinstance(value, Mapping):
        number = value.get(_ACCOUNT)
        if isinstance(number, str) and number and number != account:
            yield number
        for each in value.values():
            yield from _others(each, account, service)
    elif isinstance(value, list):
        for each in value:
            yield from _others(each, account, service)
