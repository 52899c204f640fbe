"""One thread with one asyncio loop serves all execution environments of this LocalStack."""

import asyncio
import functools
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

# `functools.cache` lets threads that call for the first time at once each make one: an environment would start in one
# loop and be asked in another, which its answers do not wake.
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
    """Starts `coroutine` in the loop's thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


def run[T](coroutine: Coroutine[Any, Any, T]) -> T:
    """Runs `coroutine` in the loop's thread and waits for its result; never call it from that thread."""
    return submit(coroutine).result()
