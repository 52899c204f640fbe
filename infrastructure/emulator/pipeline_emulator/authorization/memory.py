"""Callers as they were put together last, until IAM's state changes: a third of what authorizing a request takes."""

from collections.abc import Callable
from typing import Any

from localstack.aws.api import RequestContext
from localstack.http import Response

from pipeline_emulator.authorization.callers import Caller

MOST = 1000
_READS = ("Get", "List", "Generate", "Simulate")


class Memory:
    """What was put together since the last change. Safe for threads: what is kept is replaced, never changed."""

    def __init__(self) -> None:
        """Start without any."""
        self._found: dict[str, Caller | None] = {}

    def get(self, key: str, make: Callable[[], Caller | None]) -> Caller | None:
        """Return the caller of a key; `make` puts it together if need be."""
        found = self._found
        if key in found:
            return found[key]
        caller = make()
        if len(found) < MOST:
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


CALLERS = Memory()
