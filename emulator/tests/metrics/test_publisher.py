"""Counted values reach CloudWatch once, in whole minutes, with every combination of dimensions."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline_emulator.metrics.aggregator import Aggregator, Resource
from pipeline_emulator.metrics.functions import resources
from pipeline_emulator.metrics.publisher import Publisher

NOON = 1_800_014_400
STREAM = Resource("000000000000", "ap-south-1", "AWS/Kinesis", (("StreamName", "sales"),))
FUNCTION = "arn:aws:lambda:ap-south-1:000000000000:function:sales"


class CloudWatch:
    """Keeps what is put, or fails if `broken`."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str, list[dict[str, Any]]]] = []
        self.broken = False

    def put(self, *request: Any) -> None:
        if self.broken:
            raise ConnectionError("no CloudWatch")
        self.requests.append(request)


@pytest.fixture
def cloudwatch() -> CloudWatch:
    return CloudWatch()


@pytest.fixture
def aggregator() -> Aggregator:
    return Aggregator()


@pytest.fixture
def publisher(aggregator: Aggregator, cloudwatch: CloudWatch) -> Publisher:
    return Publisher(aggregator, cloudwatch.put, threading.Event())


def test_values_of_a_minute_become_one_statistic_set(
    aggregator: Aggregator, publisher: Publisher, cloudwatch: CloudWatch
) -> None:
    for second, value in ((0, 5), (59.9, 1), (30, 3)):
        aggregator.add(NOON + second, STREAM, {"IncomingBytes": value})
    aggregator.add(NOON + 60, STREAM, {"IncomingBytes": 7})
    publisher.flush()
    [(account, region, namespace, data)] = cloudwatch.requests
    assert (account, region, namespace) == ("000000000000", "ap-south-1", "AWS/Kinesis")
    assert data == [
        {
            "MetricName": "IncomingBytes",
            "Dimensions": [{"Name": "StreamName", "Value": "sales"}],
            "Timestamp": datetime.fromtimestamp(NOON + 60 * minute, UTC),
            "Unit": "Bytes",
            "StatisticValues": {"SampleCount": count, "Sum": total, "Minimum": least, "Maximum": most},
        }
        for minute, count, total, least, most in ((0, 3, 9, 1, 5), (1, 1, 7, 7, 7))
    ]


def test_nothing_is_published_twice_or_after_the_stop(
    aggregator: Aggregator, publisher: Publisher, cloudwatch: CloudWatch
) -> None:
    aggregator.add(NOON, STREAM, {"IncomingRecords": 1})
    publisher.flush()
    publisher.flush()
    assert len(cloudwatch.requests) == 1
    stopping = threading.Event()
    stopping.set()
    aggregator.add(NOON, STREAM, {"IncomingRecords": 1})
    Publisher(aggregator, cloudwatch.put, stopping).flush()
    assert len(cloudwatch.requests) == 1


def test_accounts_regions_and_large_requests_are_put_separately(
    aggregator: Aggregator, publisher: Publisher, cloudwatch: CloudWatch
) -> None:
    for number in range(1_001):
        aggregator.add(NOON, STREAM._replace(dimensions=(("StreamName", str(number)),)), {"IncomingRecords": 1})
    aggregator.add(NOON, STREAM._replace(region="eu-west-1"), {"IncomingRecords": 1})
    publisher.flush()
    assert [(region, len(data)) for _, region, _, data in cloudwatch.requests] == [
        ("ap-south-1", 1_000),
        ("ap-south-1", 1),
        ("eu-west-1", 1),
    ]


def test_broken_cloudwatch_is_logged_and_disturbs_nobody(
    aggregator: Aggregator, publisher: Publisher, cloudwatch: CloudWatch, caplog: pytest.LogCaptureFixture
) -> None:
    cloudwatch.broken = True
    aggregator.add(NOON, STREAM, {"IncomingRecords": 1})
    publisher.flush()
    assert "could not be published: no CloudWatch" in caplog.text
    cloudwatch.broken = False
    aggregator.add(NOON, STREAM, {"IncomingRecords": 2})
    publisher.flush()
    assert [data[0]["StatisticValues"]["Sum"] for *_, data in cloudwatch.requests] == [2]


def test_nothing_is_kept_if_nobody_publishes() -> None:
    aggregator = Aggregator(enabled=False)
    aggregator.add(NOON, STREAM, {"IncomingRecords": 1})
    assert aggregator.drain() == {}


def test_concurrent_values_are_all_counted(aggregator: Aggregator) -> None:
    def count() -> None:
        for _ in range(2_000):
            aggregator.add(NOON, STREAM, {"IncomingRecords": 1})

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    drained = []
    while any(thread.is_alive() for thread in threads):
        drained.append(aggregator.drain())
    for thread in threads:
        thread.join()
    drained.append(aggregator.drain())
    sets = [sets["IncomingRecords"] for minutes in drained for metrics in minutes.values() for sets in metrics.values()]
    assert sum(found.count for found in sets) == sum(found.total for found in sets) == 16_000


@pytest.mark.parametrize(
    ("qualifier", "expected"),
    [
        ("", [{}, {"FunctionName": "sales"}, {"FunctionName": "sales", "Resource": "sales"}]),
        (":7", [{}, {"FunctionName": "sales"}, {"FunctionName": "sales", "Resource": "sales:7"}]),
        (
            ":live",
            [
                {},
                {"FunctionName": "sales"},
                {"FunctionName": "sales", "Resource": "sales:live"},
                {"FunctionName": "sales", "Resource": "sales:live", "ExecutedVersion": "7"},
            ],
        ),
    ],
)
def test_invocations_count_for_function_resource_and_version(qualifier: str, expected: list[dict[str, str]]) -> None:
    assert [dict(found.dimensions) for found in resources(FUNCTION + qualifier, "7")] == expected
