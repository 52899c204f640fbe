"""Callers as they were put together last, until IAM's state changes: a third of what authorizing a request takes."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

from pipeline_emulator.authorization.callers import Caller

MAX_ENTRIES = 1000
_READS = ("Get", "List", "Generate", "Simulate")


class CallerCache:
    """What was put together since the last change. Safe for threads: what is kept is replaced, never changed."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: dict[Hashable, Caller | None] = {}

    def get(self, key: Hashable, make: Callable[[], Caller | None]) -> Caller | None:
        """Return the caller of a key, None for the root user; `make` puts together what is not known or has expired."""
        found = self._found
        if key in found:
            caller = found[key]
            if caller is None or caller.expires is None or datetime.now(UTC) <= caller.expires:
                return caller
        caller = make()
        if len(found) >= MAX_ENTRIES:
            found.clear()  # sessions that are over, most of them
        found[key] = caller  # lost if IAM has changed meanwhile: `found` is not in use any more then
        return caller

    def forget(self) -> None:
        """Put everything together anew from now on."""
        self._found = {}

    def forget_after(self, _chain: Any, context: RequestContext, _response: Response) -> None:
        """Forget, where a request may have changed IAM's state: called when it has been served."""
        if context.service is None or context.operation is None or context.service.service_name != "iam":
            return
        if not context.operation.name.startswith(_READS):
            self.forget()


CALLERS = CallerCache()
