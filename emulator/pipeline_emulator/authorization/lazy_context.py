"""A request's context that is put together when a condition or a policy variable first asks for a value."""

from collections.abc import Callable

from pipeline_emulator.iam.context import Context
from pipeline_emulator.iam.principals import Principal
from pipeline_emulator.iam.ternary import Missing
from pipeline_emulator.iam.variables import Value


class LazyContext:
    """Stands for a context in an evaluation, and tells afterwards whether any value was asked for."""

    __slots__ = ("_context", "_make", "principal", "resource_account")

    def __init__(self, principal: Principal, resource_account: str, make: Callable[[], Context]) -> None:
        """Start with what every evaluation asks; `make` puts the rest together."""
        self.principal = principal
        self.resource_account = resource_account
        self._make = make
        self._context: Context | None = None

    @property
    def was_read(self) -> bool:
        """Tell whether a value was asked for; the decision may then be another at another time or place."""
        return self._context is not None

    def value(self, key: str) -> Value | Missing:
        """Look up a key, named in lower case."""
        if self._context is None:
            self._context = self._make()
        return self._context.value(key)
