"""When the clocks of functions stood still, because a debugger was attached: waiting records age no further then."""

import threading
import time
from collections import defaultdict


class Pauses:
    """The times by function, in seconds since the epoch. Thread-safe."""

    def __init__(self) -> None:
        """Start without any."""
        self._lock = threading.Lock()
        self._ended: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self._begun: dict[str, float] = {}

    def begin(self, function: str) -> None:
        """Note that a debugger has attached to a function, by its ARN without a qualifier."""
        with self._lock:
            self._begun[function] = time.time()

    def end(self, function: str) -> None:
        """Note that it has left."""
        with self._lock:
            if begun := self._begun.pop(function, None):
                self._ended[function].append((begun, time.time()))

    def since(self, function: str, moment: float) -> float:
        """Return how long the function's clock has stood still since a moment."""
        with self._lock:
            if not self._begun and not self._ended:
                return 0.0
            now = time.time()
            begun = self._begun.get(function)
            found = [*self._ended.get(function, ()), *([(begun, now)] if begun else [])]
        return float(sum(max(0.0, end - max(start, moment)) for start, end in found))


PAUSES = Pauses()
