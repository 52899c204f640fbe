"""Publishes statistic sets to CloudWatch: at the end of every minute, and before metrics are read."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import batched
from typing import Any

from pipeline_emulator.metrics.aggregator import MINUTE, Aggregator, Resource, StatisticSet
from pipeline_emulator.metrics.catalog import COUNT, UNITS

LOG = logging.getLogger(__name__)

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
MOST_METRICS_PER_REQUEST = 1_000

Put = Callable[[str, str, str, list[dict[str, Any]]], None]
"""Calls PutMetricData with account, region, namespace and MetricData."""


class Publisher:
    """Drains an aggregator and puts its metrics into CloudWatch. Thread-safe."""

    def __init__(self, aggregator: Aggregator, put: Put, stopping: threading.Event) -> None:
        """Publish with `put` until `stopping` is set: a later request would start CloudWatch again."""
        self._aggregator = aggregator
        self._put = put
        self._stopping = stopping
        # Held while publishing: a reader that waits for it finds everything counted before.
        self._lock = threading.Lock()

    def start(self) -> None:
        """Enable the aggregator and publish in the background."""
        self._aggregator.enabled = True
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def flush(self) -> None:
        """Publish everything counted so far. What cannot be published is lost, and LocalStack's log says so."""
        with self._lock:
            requests: defaultdict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
            for minute, metrics in self._aggregator.drain().items():
                for resource, sets in metrics.items():
                    requests[resource[:3]].extend(_data(minute, resource, sets))
            for (account, region, namespace), data in requests.items():
                for chunk in batched(data, MOST_METRICS_PER_REQUEST, strict=False):
                    self._publish(account, region, namespace, list(chunk))

    def _publish(self, account: str, region: str, namespace: str, data: list[dict[str, Any]]) -> None:
        if self._stopping.is_set():
            return
        try:
            self._put(account, region, namespace, data)
        except Exception as error:  # requests must not fail, whatever the error; the next minute may succeed
            LOG.warning("%d metrics of %s in %s could not be published: %s", len(data), namespace, region, error)

    def _run(self) -> None:
        while not self._stopping.wait(MINUTE - time.time() % MINUTE):
            self.flush()


def _data(minute: int, resource: Resource, sets: dict[str, StatisticSet]) -> Iterator[dict[str, Any]]:
    """Yield the entries of MetricData for one resource and minute."""
    for name, found in sets.items():
        yield {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in resource.dimensions],
            "Timestamp": datetime.fromtimestamp(minute, UTC),
            "Unit": resource.unit or UNITS.get(name, COUNT),
            "StatisticValues": {
                "SampleCount": found.count,
                "Sum": found.total,
                "Minimum": found.minimum,
                "Maximum": found.maximum,
            },
        }
