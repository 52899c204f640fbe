"""Log groups: their class, their protection from deletion, and which of them DescribeLogGroups returns.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/protecting-log-groups-from-deletion.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.logs import InvalidParameterException, LogGroupClass, ValidationException
from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.logs.provider import LogsProvider

from pipeline_emulator import patches

_PAGE = 50
_EXCLUSIVE = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
_PROTECTED = "The log group {} is protected from deletion. Disable its deletion protection first."  # our words


def install() -> None:
    """Patch core's operations and moto's deletion."""
    patches.DESCRIBE_LOG_GROUPS.wrap(_describe)
    patches.PROTECT_LOG_GROUP.replace(put_log_group_deletion_protection)

    @patches.KEEP_CLASS_OF_GROUP.wrap
    def create_log_group(
        original: Callable[..., None], self: Any, context: RequestContext, log_group_name: str, **request: Any
    ) -> None:
        original(self, context, log_group_name=log_group_name, **request)
        group = _groups(context)[log_group_name]
        group.log_group_class = request.get("log_group_class") or LogGroupClass.STANDARD
        group.deletion_protected = bool(request.get("deletion_protection_enabled"))

    @patches.LIST_LOG_GROUPS.wrap
    def list_log_groups(original: Callable[..., Any], self: Any, context: RequestContext, request: Any) -> Any:
        answer = original(self, context, request)
        groups, wanted = _groups(context), request.get("logGroupClass")
        summaries = [{**one, "logGroupClass": _class(groups.get(one["logGroupName"]))} for one in answer["logGroups"]]
        return {**answer, "logGroups": [one for one in summaries if wanted in (None, one["logGroupClass"])]}

    @patches.DELETE_LOG_GROUP.wrap
    def delete_log_group(original: Callable[..., Any], self: Any, log_group_name: str) -> Any:
        group = self.groups.get(log_group_name)
        if group and _is_protected(group):
            raise ValidationException(_PROTECTED.format(log_group_name))
        return original(self, log_group_name)


def put_log_group_deletion_protection(
    _provider: LogsProvider,
    context: RequestContext,
    log_group_identifier: str,
    deletion_protection_enabled: bool,
    **_request: Any,
) -> None:
    """Protect a group from deletion, or no longer.

    Raises:
        ResourceNotFoundException: there is no such group.
    """
    backend: Any = get_moto_logs_backend(context.account_id, context.region)
    backend._find_log_group(log_group_identifier).deletion_protected = deletion_protection_enabled


def _describe(_original: Any, _provider: Any, context: RequestContext, request: Mapping[str, Any]) -> Any:
    """Return a page of the groups that a request asks for, in the order of their names.

    A token is the name of the last group on its page.

    Raises:
        InvalidParameterException: prefix and pattern are given.
    """
    if request.get("logGroupNamePrefix") and request.get("logGroupNamePattern"):
        raise InvalidParameterException(_EXCLUSIVE)
    after, limit = request.get("nextToken") or "", request.get("limit") or _PAGE
    found = sorted(
        (group for group in list(_groups(context).values()) if group.name > after and _is_wanted(group, request)),
        key=lambda group: str(group.name),
    )
    answer: dict[str, Any] = {"logGroups": [_described(group) for group in found[:limit]]}
    return answer | ({"nextToken": found[limit - 1].name} if len(found) > limit else {})


def _is_wanted(group: Any, request: Mapping[str, Any]) -> bool:
    identifiers = request.get("logGroupIdentifiers")
    return bool(
        group.name.startswith(request.get("logGroupNamePrefix") or "")
        and (request.get("logGroupNamePattern") or "") in group.name
        and request.get("logGroupClass") in (None, _class(group))
        and (not identifiers or group.name in identifiers or group.arn in identifiers)
    )


def _described(group: Any) -> dict[str, Any]:
    own = {"logGroupClass": _class(group), "deletionProtectionEnabled": _is_protected(group)}
    return {**group.to_describe_dict(), **own}


def _class(group: Any) -> str:
    return str(getattr(group, "log_group_class", LogGroupClass.STANDARD))  # one that a function's log made has none


def _is_protected(group: Any) -> bool:
    return bool(getattr(group, "deletion_protected", False))


def _groups(context: RequestContext) -> dict[str, Any]:
    return get_moto_logs_backend(context.account_id, context.region).groups
