"""KMS keys of log groups. As in core, a group only stores its key's ARN; nothing is encrypted.

Core's LogsProvider accepts a key in CreateLogGroup but lacks the operations that change it. `authorization` checks
whether the service may use the key.
"""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.aws.api.logs import InvalidParameterException, ResourceNotFoundException
from localstack.services.kms.models import kms_stores
from localstack.services.logs.models import get_moto_logs_backend
from localstack.services.logs.provider import LogsProvider

from pipeline_emulator import patches
from pipeline_emulator.arn import find_arn


def install() -> None:
    """Add the operations to core's provider, and check the key in CreateLogGroup."""
    patches.ASSOCIATE_KEY.replace(associate_kms_key)
    patches.DISASSOCIATE_KEY.replace(disassociate_kms_key)

    @patches.CHECK_KEY_OF_GROUP.wrap
    def create_log_group(
        original: Callable[..., Any], self: Any, context: RequestContext, *arguments: Any, **request: Any
    ) -> None:
        if key := request.get("kms_key_id"):
            _require_usable(key)
        original(self, context, *arguments, **request)


def associate_kms_key(
    _provider: LogsProvider,
    context: RequestContext,
    kms_key_id: str,
    log_group_name: str | None = None,
    resource_identifier: str | None = None,
    **_request: Any,
) -> None:
    """Set the group's key.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html

    Raises:
        InvalidParameterException: no group is named, or the key cannot be used.
        ResourceNotFoundException: the group does not exist.
    """
    group = _group(context, log_group_name, resource_identifier)
    _require_usable(kms_key_id)
    group.kms_key_id = kms_key_id


def disassociate_kms_key(
    _provider: LogsProvider,
    context: RequestContext,
    log_group_name: str | None = None,
    resource_identifier: str | None = None,
    **_request: Any,
) -> None:
    """Remove the group's key.

    Raises:
        InvalidParameterException: no group is named.
        ResourceNotFoundException: the group does not exist.
    """
    _group(context, log_group_name, resource_identifier).kms_key_id = None


def _group(context: RequestContext, name: str | None, identifier: str | None) -> Any:
    """Return moto's group. An identifier can also name query results, which have no key here."""
    if bool(name) is bool(identifier):
        raise InvalidParameterException("Exactly one of logGroupName and resourceIdentifier must be specified.")
    if identifier:
        _, group, name = identifier.partition(":log-group:")
        if not group:
            raise InvalidParameterException(f"{identifier} is not the ARN of a log group.")
    groups: Any = get_moto_logs_backend(context.account_id, context.region).groups
    if name not in groups:
        raise ResourceNotFoundException("The specified log group does not exist.")
    return groups[name]


def _require_usable(arn: str) -> None:
    """Raise an error unless the key is symmetric and enabled: "CloudWatch Logs supports only symmetric KMS keys"."""
    parts = find_arn(arn)
    if parts is None or not parts.resource.startswith("key/"):
        raise InvalidParameterException(f"The specified KMS Key Id {arn} is not the ARN of a key.")
    key = kms_stores[parts.account][parts.region].keys.get(parts.resource.removeprefix("key/"))
    if key is None:
        raise InvalidParameterException("The specified KMS Key Id could not be found.")
    if key.metadata["KeySpec"] != "SYMMETRIC_DEFAULT" or key.metadata["KeyState"] != "Enabled":
        raise InvalidParameterException("The specified KMS Key Id is not a symmetric key, or it is not enabled.")
