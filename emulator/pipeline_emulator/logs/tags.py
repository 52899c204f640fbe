"""Tags of log groups, which core drops if a group had none when it was made."""

from collections.abc import Callable
from typing import Any

from localstack.services.logs.models import logs_stores

from pipeline_emulator import patches


def install() -> None:
    """Patch core's operation."""

    @patches.TAG_RESOURCE_OF_LOGS.wrap
    def tag_resource(
        original: Callable[..., None], self: Any, context: Any, resource_arn: str, tags: Any, **more: Any
    ) -> None:
        _tags(context).setdefault(resource_arn, {})
        original(self, context, resource_arn, tags, **more)


def _tags(context: Any) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = logs_stores[context.account_id][context.region].TAGS
    return tags
