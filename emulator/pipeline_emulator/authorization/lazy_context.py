"""A request context that is built when a condition or policy variable first reads it."""

from collections.abc import Callable

from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.principals import Principal
from pipeline_emulator.iam.ternary import Missing
from pipeline_emulator.iam.variables import Value


class LazyContext:
    """Stands in for a context during an evaluation, and records whether it was read."""

    __slots__ = ("_context", "_make", "principal", "resource_account")

    def __init__(self, principal: Principal, resource_account: str, make: Callable[[], Context]) -> None:
        """Store the values that every evaluation reads; `make` builds the rest."""
        self.principal = principal
        self.resource_account = resource_account
        self._make = make
        self._context: Context | None = None

    @property
    def was_read(self) -> bool:
        """Return whether a value was read; the decision may then depend on time, address or tags."""
        return self._context is not None

    def value(self, key: str) -> Value | Missing:
        """Look up a condition key, given in lower case."""
        if self._context is None:
            self._context = self._make()
        return self._context.value(key)
