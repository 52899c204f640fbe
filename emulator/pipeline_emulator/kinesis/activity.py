"""Notifies pollers of puts, so that idle shards are polled rarely and new records are read at once.

A poller that sleeps until a put costs nothing and wakes immediately. The polling interval remains as a safety net.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

ShardKey = tuple[str, str, str, str]
"""Account, region, stream name, shard."""


class StreamActivity:
    """The events to set at a put, by shard. Thread-safe."""

    def __init__(self) -> None:
        """Start without subscribers."""
        self._lock = threading.Lock()
        self._subscribers: defaultdict[ShardKey, set[threading.Event]] = defaultdict(set)

    @contextmanager
    def subscribed(self, shard: ShardKey, event: threading.Event) -> Iterator[None]:
        """Set `event` at every put to `shard` while the context lasts."""
        with self._lock:
            self._subscribers[shard].add(event)
        try:
            yield
        finally:
            with self._lock:
                self._subscribers[shard].discard(event)
                if not self._subscribers[shard]:
                    del self._subscribers[shard]

    def notify(self, shard: ShardKey) -> None:
        """Wake the subscribers of `shard`: a record can be read now."""
        with self._lock:
            events = list(self._subscribers.get(shard, ()))
        for event in events:
            event.set()


STREAM_ACTIVITY = StreamActivity()
