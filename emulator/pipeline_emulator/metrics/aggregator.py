"""Statistic sets of what is measured, one for each minute: all that a request pays for its metrics is a few additions.

AWS publishes the metrics of Kinesis and Lambda once a minute, too:
https://docs.aws.amazon.com/streams/latest/dev/monitoring-with-cloudwatch.html
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

MINUTE = 60


class Resource(NamedTuple):
    """What metrics are about: `dimensions` are names and values; CloudWatch tells metrics apart by all of them."""

    account: str
    region: str
    namespace: str
    dimensions: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class StatisticSet:
    """What CloudWatch keeps of a minute's values."""

    count: int = 0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, value: float) -> None:
        """Count one more value."""
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


Metrics = dict[Resource, dict[str, StatisticSet]]
"""Statistic sets by resource and name of the metric."""


class Aggregator:
    """Adds values up until they are taken out. Safe for threads."""

    def __init__(self, *, enabled: bool = True) -> None:
        """Start empty; while not `enabled`, values are dropped, since nobody would ever take them out."""
        self.enabled = enabled
        self._lock = threading.Lock()
        self._minutes: dict[int, Metrics] = {}

    def add(self, at: float, resource: Resource, values: Mapping[str, float]) -> None:
        """Count values by the names of their metrics; `at` is in seconds since the epoch."""
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
        """Take everything out, by the beginnings of the minutes in seconds since the epoch."""
        with self._lock:
            minutes, self._minutes = self._minutes, {}
        return minutes


METRICS = Aggregator(enabled=False)
"""The process's; the publisher enables it."""
