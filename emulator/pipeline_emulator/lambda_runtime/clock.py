"""The clock of an execution environment, by which its function times out."""

import asyncio
from collections.abc import Iterable
from typing import Any

# What a function under a debugger is told to have left. Functions stop in time by themselves.
STRETCHED_SECONDS = 86_400.0


class Clock:
    """The event loop's time, except that it stands still while a debugger is attached.

    Everything here runs in the event loop's thread.

    Args:
        stopped: whether it stands still at first.
    """

    def __init__(self, *, stopped: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped_at = self._loop.time() if stopped else None
        self._lost = 0.0
        self._changed: asyncio.Future[None] = self._loop.create_future()

    def now(self) -> float:
        """Return the time in seconds; only differences mean something."""
        return (self._loop.time() if self._stopped_at is None else self._stopped_at) - self._lost

    def resume(self) -> None:
        """Go on. The time since the stop does not count."""
        if self._stopped_at is None:
            return
        self._lost += self._loop.time() - self._stopped_at
        self._stopped_at = None
        self._changed.set_result(None)

    def left(self, deadline: float) -> float:
        """Return the seconds until a deadline, as the function is told them."""
        return STRETCHED_SECONDS if self._stopped_at is not None else deadline - self.now()

    async def wait(self, futures: Iterable[asyncio.Future[Any]], deadline: float) -> None:
        """Wait until one of some futures is done, but not beyond a deadline."""
        awaited = set(futures)
        if self._stopped_at is not None:
            await asyncio.wait({*awaited, self._changed}, return_when=asyncio.FIRST_COMPLETED)
        if not any(future.done() for future in awaited):
            left = max(0.0, deadline - self.now())
            await asyncio.wait(awaited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
