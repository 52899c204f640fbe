"""Subscriptions of consumers to shards: one at a time for each pair.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html: within five seconds of a successful
call, another one is refused; later, it takes the subscription over.
"""

import threading
import time
from collections.abc import Callable

from pipeline_emulator.kinesis.streams.consumers import Consumer
from pipeline_emulator.kinesis.streams.errors import ResourceInUseError

KEPT_SECONDS = 5.0


class Subscriptions:
    """Who is subscribed to which shard. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start without subscriptions."""
        self._clock = clock
        self._lock = threading.Lock()
        self._begun: dict[tuple[str, str], tuple[float, threading.Event]] = {}

    def begin(self, consumer: Consumer, shard_id: str) -> threading.Event:
        """Subscribe a consumer to a shard, and end its earlier subscription.

        Returns:
            An event that is set when the subscription is taken over.

        Raises:
            ResourceInUseError: it subscribed less than five seconds ago; the message is AWS's.
        """
        key, now, ended = (consumer.arn, shard_id), self._clock(), threading.Event()
        with self._lock:
            begun, earlier = self._begun.get(key, (now - KEPT_SECONDS, None))
            if now - begun < KEPT_SECONDS:
                name = consumer.stream
                raise ResourceInUseError(
                    "Another active subscription exists for this consumer:"
                    f" {name.account}:{name.name}:{shard_id}:{consumer.name}"
                )
            self._begun[key] = now, ended
        if earlier:
            earlier.set()
        return ended
