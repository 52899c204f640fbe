"""Aggregates values into one statistic set per minute: metrics cost a request only a few additions.

AWS, too, publishes the metrics of Kinesis and Lambda once a minute:
https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

MINUTE = 60


class Resource(NamedTuple):
    """What a metric belongs to. `dimensions` are names and values; CloudWatch distinguishes metrics by all of them.

    Without a `unit`, a metric has the catalog's, or Count.
    """

    account: str
    region: str
    namespace: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str | None = None


@dataclass(slots=True)
class StatisticSet:
    """What CloudWatch keeps of the values of one minute."""

    count: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")

    def add(self, value: float) -> None:
        """Add a value."""
        self.count += 1
        self.total += value
        self.minimum = min(self.minimum, value)
        self.maximum = max(self.maximum, value)


Metrics = dict[Resource, dict[str, StatisticSet]]
"""Statistic sets by resource and metric name."""


class Aggregator:
    """Aggregates values until they are drained. Thread-safe."""

    def __init__(self, *, enabled: bool = True) -> None:
        """Start empty. Unless `enabled`, values are dropped, because nobody would drain them."""
        self.enabled = enabled
        self._lock = threading.Lock()
        self._minutes: dict[int, Metrics] = {}

    def add(self, at: float, resource: Resource, values: Mapping[str, float]) -> None:
        """Add values by metric name; `at` is in seconds since the epoch."""
        if not self.enabled:
            return
        minute = int(at) // MINUTE * MINUTE
        with self._lock:
            sets = self._minutes.setdefault(minute, {}).setdefault(resource, {})
            for name, value in values.items():
                if (found := sets.get(name)) is None:
                    found = sets[name] = StatisticSet()
                found.add(value)

    def drain(self) -> dict[int, Metrics]:
        """Remove and return everything, by the start of each minute in seconds since the epoch."""
        with self._lock:
            minutes, self._minutes = self._minutes, {}
        return minutes


METRICS = Aggregator(enabled=False)
"""The process's aggregator; the publisher enables it."""
