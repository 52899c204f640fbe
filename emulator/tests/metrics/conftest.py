"""Reads metrics as a user does."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

Statistics = dict[str, float]


@pytest.fixture
def make_reader() -> Callable[[Any], Callable[..., Statistics]]:
    """Returns, for a LocalStack, a function that reads a metric's statistics since the test began."""
    began = datetime.now(UTC)

    def make(localstack: Any) -> Callable[..., Statistics]:
        cloudwatch = localstack.client("cloudwatch")

        def read(namespace: str, name: str, **dimensions: str) -> Statistics:
            answer = cloudwatch.get_metric_statistics(
                Namespace=namespace,
                MetricName=name,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=began,
                EndTime=began + timedelta(hours=1),
                Period=3600,
                Statistics=["Sum", "Average", "Minimum", "Maximum", "SampleCount"],
            )
            names = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
            return {name: point[name] for point in answer["Datapoints"] for name in names}

        return read

    return make


@pytest.fixture
def read_metric(localstack: Any, make_reader: Callable[[Any], Callable[..., Statistics]]) -> Callable[..., Statistics]:
    """Reads from the shared LocalStack."""
    return make_reader(localstack)
