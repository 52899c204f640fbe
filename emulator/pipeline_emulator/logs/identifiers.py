"""Log groups given by logGroupIdentifier: a name, or an ARN with or without `:*`.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

from collections.abc import Callable
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException

from pipeline_emulator import patches


def install() -> None:
    """Replace moto's search, which returns the newest group whatever the identifier is."""

    @patches.FIND_LOG_GROUP.wrap
    def find_log_group(
        original: Callable[..., Any], self: Any, log_group_id: str | None = None, log_group_name: str | None = None
    ) -> Any:
        if log_group_name or not log_group_id:
            return original(self, log_group_id, log_group_name)
        wanted = log_group_id.removesuffix(":*")
        for group in list(self.groups.values()):
            if wanted in (group.name, group.arn.removesuffix(":*")):
                return group
        raise ResourceNotFoundException
