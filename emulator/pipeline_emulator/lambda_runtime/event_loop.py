"""The asyncio loop that serves all execution environments of this LocalStack, in its own thread."""

import asyncio
import functools
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

# Without the lock, two threads that make the first call at the same time would each create a loop (`functools.cache`
# allows it). An environment would start in one loop and be invoked in the other, which its answers do not wake.
_starting = threading.Lock()


def _loop() -> asyncio.AbstractEventLoop:
    with _starting:
        return _started()


@functools.cache
def _started() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="lambda-runtime", daemon=True).start()
    return loop


def submit[T](coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Start `coroutine` in the loop's thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


def run[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """Run `coroutine` in the loop's thread and wait for its result. Never call it from that thread."""
    return submit(coroutine).result()
