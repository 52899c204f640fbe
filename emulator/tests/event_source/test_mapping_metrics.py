"""IteratorAge in a real LocalStack: the age of batches when their function gets them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def iterator_age(localstack: Any, **dimensions: str) -> dict[str, Any]:
    """Return statistics of the last ten minutes in milliseconds; empty if there are no values."""
    now = datetime.now(UTC)
    datapoints: list[dict[str, Any]] = localstack.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="IteratorAge",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(minutes=10),
        EndTime=now,
        Period=3600,
        Statistics=["Maximum", "Minimum", "SampleCount", "Sum"],
    )["Datapoints"]
    return datapoints[0] if datapoints else {}


def test_iterator_age_grows_while_the_function_is_slow(localstack: Any, create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put(*[{"id": number, "do": "sleep", "seconds": 1} for number in range(4)])
    mapped.map(BatchSize=1)
    mapped.await_ids(set(range(4)))
    ages = iterator_age(localstack, FunctionName=mapped.function_name)
    assert ages["SampleCount"] == 4
    assert ages["Minimum"] < 3000 <= ages["Maximum"] < 20_000
    assert ages["Unit"] == "Milliseconds"
    resource = {"FunctionName": mapped.function_name, "Resource": mapped.function_name}
    assert iterator_age(localstack, **resource)["Sum"] == ages["Sum"]


def test_every_attempt_of_a_batch_counts(localstack: Any, create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    mapped.put({"id": 1, "do": "fail"})
    mapped.map(MaximumRetryAttempts=2)
    mapped.eventually(lambda: len(mapped.batches()) == 3, "three attempts", 30)
    assert iterator_age(localstack, FunctionName=mapped.function_name)["SampleCount"] == 3
