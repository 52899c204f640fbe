"""The catalog has every metric that is counted, and no other."""

import re
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pipeline_emulator
from pipeline_emulator.event_source.settings import MappingSettings
from pipeline_emulator.kinesis.streams.identity import StreamName
from pipeline_emulator.kinesis.streams.shard import Chunk
from pipeline_emulator.kinesis.streams.stream import Placed
from pipeline_emulator.metrics import functions, kinesis
from pipeline_emulator.metrics.aggregator import Aggregator
from pipeline_emulator.metrics.catalog import GROUPS, UNITS, documentation

pytestmark = pytest.mark.local_only

FUNCTION = "arn:aws:lambda:eu-central-1:000000000000:function:sales:live"
SOURCE = "arn:aws:kinesis:eu-central-1:000000000000:stream/sales"
PACKAGE = Path(pipeline_emulator.__file__).parent
Dimensions = tuple[str, frozenset[str]]


def event_counts() -> set[str]:
    """Return the names of EventCount metrics in the code."""
    files = (file for file in PACKAGE.rglob("*.py") if file.name != "catalog.py")
    return {name for file in files for name in re.findall(r'"(\w+EventCount)"', file.read_text())}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[Dimensions, set[str]]:
    """Count everything once; return the metrics by namespace and names of dimensions."""
    metrics = Aggregator()
    for module in (functions, kinesis):
        monkeypatch.setattr(module, "METRICS", metrics)
    wanted = {metric.name for group in GROUPS for metric in group.metrics}
    stream: Any = SimpleNamespace(name=StreamName("000000000000", "eu-central-1", "sales"), metrics=wanted)
    kinesis.count_put(stream, "PutRecord", 0, 1, [10], [Placed("shardId-000000000000", 1)])
    kinesis.count_put(stream, "PutRecords", 0, 1, [10], [Placed("shardId-000000000000", None)])
    kinesis.count_read(stream, "shardId-000000000000", 0, 1, Chunk([], None, 0))
    kinesis.count_throttled_read(stream, "shardId-000000000000", 0)
    functions.count_invocation(FUNCTION, "1", 0, is_error=True)
    functions.count_throttle(FUNCTION, "1", 0)
    functions.count_duration(FUNCTION, "1", 1)
    mapping = MappingSettings("uuid", FUNCTION, SOURCE, event_count_metrics=True)
    functions.count_iterator_age(mapping, 0)
    functions.count_failed_delivery(mapping)
    for name in event_counts():
        functions.count_events(mapping, name, 1)
    found: defaultdict[Dimensions, set[str]] = defaultdict(set)
    for minute in metrics.drain().values():
        for resource, sets in minute.items():
            found[resource.namespace, frozenset(name for name, _ in resource.dimensions)] |= sets.keys()
    return found


def test_the_catalog_is_what_is_counted(counted: dict[Dimensions, set[str]]) -> None:
    listed: defaultdict[Dimensions, set[str]] = defaultdict(set)
    for group in GROUPS:
        for names in group.dimensions:
            listed[group.namespace, frozenset(names)] |= {metric.name for metric in group.metrics}
    versions = ("AWS/Lambda", frozenset({"FunctionName", "Resource", "ExecutedVersion"}))
    listed[versions] -= {"IteratorAge", "DestinationDeliveryFailures"}  # counted where no version is known
    assert counted == listed


def test_a_name_has_one_unit_that_cloudwatch_knows() -> None:
    metrics = [metric for group in GROUPS for metric in group.metrics]
    assert all(metric.unit == UNITS[metric.name] for metric in metrics)
    assert set(UNITS.values()) == {"Count", "Bytes", "Milliseconds"}


def test_the_documentation_has_every_metric() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| \w+ \| .+ \|$", documentation(), re.MULTILINE)
    assert rows == [metric.name for group in GROUPS for metric in group.metrics]
