"""Hooks: points where a package lets others observe or decide without importing them.

A package declares its hooks in its own `hooks` module and calls them. Observers subscribe when LocalStack starts. A
hook without subscribers costs one look at an empty tuple.
"""

from collections.abc import Callable


class Event[**P]:
    """Notifies every subscriber that something has happened."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: tuple[Callable[P, object], ...] = ()

    def subscribe(self, subscriber: Callable[P, object]) -> None:
        """Call `subscriber` for every event from now on."""
        self._subscribers += (subscriber,)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the subscribers in the order in which they subscribed."""
        for subscriber in self._subscribers:
            subscriber(*args, **kwargs)


class Question[**P, R]:
    """Asks one subscriber after the other until one decides."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: tuple[Callable[P, R | None], ...] = ()

    def subscribe(self, subscriber: Callable[P, R | None]) -> None:
        """Ask `subscriber` from now on. Returning None leaves the decision to the others."""
        self._subscribers += (subscriber,)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return the first decision, or None if nobody decides."""
        for subscriber in self._subscribers:
            if (decision := subscriber(*args, **kwargs)) is not None:
                return decision
        return None
