"""IteratorAge through a real LocalStack: how old batches are when their function gets them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytestmark = pytest.mark.local_only


def iterator_age(scene: Any, localstack: Any, **dimensions: str) -> dict[str, Any]:
    """Statistics of the last minutes in milliseconds; empty if there is no value."""
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


def test_iterator_age_grows_while_the_function_is_slow(localstack: Any, scene: Any) -> None:
    scene.create_stream()
    scene.put(*[{"id": number, "do": "sleep", "seconds": 1} for number in range(4)])
    scene.map(BatchSize=1)
    scene.await_ids(set(range(4)))
    ages = iterator_age(scene, localstack, FunctionName=scene.function_name)
    assert ages["SampleCount"] == 4
    assert ages["Minimum"] < 3000 <= ages["Maximum"] < 20_000
    assert ages["Unit"] == "Milliseconds"
    resource = {"FunctionName": scene.function_name, "Resource": scene.function_name}
    assert iterator_age(scene, localstack, **resource)["Sum"] == ages["Sum"]


def test_a_batch_that_is_tried_again_counts_again(localstack: Any, scene: Any) -> None:
    scene.create_stream()
    scene.put({"id": 1, "do": "fail"})
    scene.map(MaximumRetryAttempts=2)
    scene.eventually(lambda: len(scene.ids()) == 3, "three attempts")
    assert iterator_age(scene, localstack, FunctionName=scene.function_name)["SampleCount"] == 3
