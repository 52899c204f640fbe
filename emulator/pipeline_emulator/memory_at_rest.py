"""Gives memory back once LocalStack has nothing to do.

Full collections are rare (`services.freeze_loaded_objects`), because each stops every thread for up to a second. What
requests leave behind in cycles, such as those of Terraform, then stays: 90 of 385 MiB after `make local-up`. A
collection while nobody waits for anything costs nobody anything.
"""

import ctypes
import gc
import threading
from collections.abc import Callable

_INTERVAL_SECONDS = 5.0
# Objects in containers made during an interval. Pollers make some hundred; one request makes more than a thousand.
_MOST_AT_REST = 2_000
_WORTH_COLLECTING = 20_000


class Watch:
    """Decides when to collect, by how many objects the garbage collector has counted. Not thread-safe."""

    def __init__(self) -> None:
        """Begin with everything to collect."""
        self._seen = 0
        self._collected_at = -_WORTH_COLLECTING

    def is_time(self, made: int) -> bool:
        """Return whether to collect now: nothing has happened since the last call, and much since the last collection.

        Args:
            made: objects made since the process began.
        """
        at_rest, self._seen = made - self._seen <= _MOST_AT_REST, made
        if not at_rest or made - self._collected_at < _WORTH_COLLECTING:
            return False
        self._collected_at = made
        return True


def start(interval: float = _INTERVAL_SECONDS, stop: threading.Event | None = None) -> threading.Thread:
    """Start the thread that collects whenever the process rests; it looks every `interval` seconds."""
    until = stop or threading.Event()
    thread = threading.Thread(target=_run, args=(interval, until.wait), name="memory-at-rest", daemon=True)
    thread.start()
    return thread


def _run(interval: float, wait: Callable[[float], bool]) -> None:
    watch = Watch()
    collect: Callable[[], object] = _collect_from_start
    while not wait(interval):
        if watch.is_time(_made()):
            collect()
            collect = gc.collect
            _trim()


def _collect_from_start() -> None:
    """Collect all garbage, also that of the start, and freeze again what is left."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _made() -> int:
    """Return how many objects the collector has counted: roughly those made and not freed soon after."""
    made: int = gc.get_count()[0] + gc.get_stats()[0]["collections"] * gc.get_threshold()[0]
    return made


def _trim() -> None:
    """Return free memory to the system, where the C library can."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
