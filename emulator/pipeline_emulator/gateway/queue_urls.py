"""The URLs of SQS queues: at the address by which the client reached the emulator, whatever its published port."""

import functools
import os
from collections.abc import Callable
from typing import Any

from pipeline_emulator import patches


@functools.cache
def install() -> None:
    """Patch core, once per process. SQS_ENDPOINT_STRATEGY, core's own setting, takes precedence."""
    if os.environ.get("SQS_ENDPOINT_STRATEGY"):
        return

    @patches.QUEUE_URL.wrap
    def url(_original: Callable[..., str], self: Any, context: Any) -> str:
        return f"{context.request.scheme}://{context.request.host}/{self.account_id}/{self.name}"
