"""Brings the emulator to rest for a moment, so that its whole state can be copied as of one point in time.

In this order: no new batch is sent to a function, and those under way end; then no client's request is served, and
those under way end; then no request of LocalStack itself. What had to wait goes on afterwards. The order matters: a
function that works on a batch sends requests, and a service that handles a request may send others.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

# These wait for others' work, so they are not waited for.
_WAITING = frozenset(
    {
        "lambda:Invoke",
        "lambda:InvokeAsync",
        "lambda:InvokeWithResponseStream",
        "kinesis:SubscribeToShard",
        "sqs:ReceiveMessage",
    }
)
_BATCH = "batches of event source mappings"


class StillBusyError(Exception):
    """Something under way did not end in time; the message names it."""


class Pause:
    """Counts what is under way, and holds what begins while the emulator rests. Thread-safe."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._holds_batches = self._holds_clients = self._holds_all = False

    @property
    def holds_clients(self) -> bool:
        """Whether clients' requests have to wait."""
        return self._holds_clients

    @contextmanager
    def batch(self) -> Iterator[None]:
        """Wait while batches are held, then count one as under way during the context."""
        with self._counted(_BATCH, lambda: self._holds_batches):
            yield

    @contextmanager
    def request(self, operation: str, *, internal: bool) -> Iterator[None]:
        """Wait while such requests are held, then count one as under way during the context.

        Args:
            operation: `service:Operation`.
            internal: whether LocalStack sent it itself.
        """
        held = (lambda: self._holds_all) if internal else (lambda: self._holds_clients)
        if operation in _WAITING:
            self._wait_while(held)
            yield
            return
        with self._counted(operation, held):
            yield

    @contextmanager
    def everything(self, seconds: float) -> Iterator[None]:
        """Hold everything during the context, which begins once nothing is under way.

        Raises:
            StillBusyError: something is under way for longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        with self.clients(seconds):
            with self._changed:
                self._wait_until_done(lambda _: True, deadline)
                self._holds_all = True
            yield

    @contextmanager
    def clients(self, seconds: float) -> Iterator[None]:
        """Hold batches and clients' requests during the context; those under way have ended by then, or most of them.

        Requests of LocalStack itself are served.

        Raises:
            StillBusyError: a batch is under way for longer than `seconds`.
        """
        deadline = time.monotonic() + seconds
        try:
            with self._changed:
                self._holds_batches = True
                self._wait_until_done(lambda name: name == _BATCH, deadline)
                self._holds_clients = True
            _let_reactor_finish(deadline)
            yield
        finally:
            with self._changed:
                self._holds_batches = self._holds_clients = self._holds_all = False
                self._changed.notify_all()

    @contextmanager
    def _counted(self, name: str, held: Callable[[], bool]) -> Iterator[None]:
        with self._changed:
            self._wait(held)
            self._under_way[name] += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way[name] -= 1
                if self._holds_batches:
                    self._changed.notify_all()

    def _wait_while(self, held: Callable[[], bool]) -> None:
        with self._changed:
            self._wait(held)

    def _wait(self, held: Callable[[], bool]) -> None:
        # In the reactor's thread a wait would hold every connection. It has a request only if that came before.
        if held() and not _in_reactor():
            self._changed.wait_for(lambda: not held())

    def _wait_until_done(self, counts: Callable[[str], bool], deadline: float) -> None:
        def left() -> list[str]:
            return sorted(name for name, number in self._under_way.items() if number and counts(name))

        if not self._changed.wait_for(lambda: not left(), max(0.0, deadline - time.monotonic())):
            raise StillBusyError(", ".join(left()))


def _let_reactor_finish(deadline: float) -> None:
    """Wait for the request that the reactor's thread may be serving. It serves no other while clients are held."""
    from twisted.internet import reactor  # late: the import chooses a reactor

    server: Any = reactor
    if not server.running or _in_reactor():
        return
    done = threading.Event()
    server.callFromThread(done.set)
    if not done.wait(max(1.0, deadline - time.monotonic())):
        raise StillBusyError("a request to Kinesis")


def _in_reactor() -> bool:
    from twisted.python import threadable

    asked: Any = threadable.isInIOThread  # twisted has few types
    return bool(asked())


PAUSE = Pause()
