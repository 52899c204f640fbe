"""Hooks: points where a package lets others observe or decide without importing them.

A package declares its hooks in its own `hooks` module and calls them. Whoever wants to observe subscribes when
LocalStack starts. A hook that nobody has subscribed to costs one look at an empty tuple.
"""

from collections.abc import Callable


class Event[**P]:
    """Tells every subscriber that something has happened."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: tuple[Callable[P, object], ...] = ()

    def subscribe(self, subscriber: Callable[P, object]) -> None:
        """Call `subscriber` at every event from now on."""
        self._subscribers += (subscriber,)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Tell the subscribers, in the order of their subscription."""
        for subscriber in self._subscribers:
            subscriber(*args, **kwargs)


class Question[**P, R]:
    """Asks subscribers for a decision until one of them makes it."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._subscribers: tuple[Callable[P, R | None], ...] = ()

    def subscribe(self, subscriber: Callable[P, R | None]) -> None:
        """Ask `subscriber` from now on; its None leaves the decision to the others."""
        self._subscribers += (subscriber,)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return the first decision, or None if nobody has made one."""
        for subscriber in self._subscribers:
            if (decision := subscriber(*args, **kwargs)) is not None:
                return decision
        return None
