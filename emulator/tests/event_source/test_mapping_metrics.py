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


@pytest.mark.long_proof
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


def test_events_are_counted_if_the_mapping_asks_for_it(create_mapped_stream: Any, event_counts: Any) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics."""
    mapped, silent = create_mapped_stream(), create_mapped_stream()
    criteria = {"Filters": [{"Pattern": '{"data": {"keep": [true]}}'}]}
    counted = {"MetricsConfig": {"Metrics": ["EventCount"]}, "MaximumRetryAttempts": 1, "FilterCriteria": criteria}
    mapping = mapped.map(BatchSize=1, **counted)
    assert mapped.functions.get_event_source_mapping(UUID=mapping)["MetricsConfig"] == counted["MetricsConfig"]
    uncounted = silent.map()
    mapped.put({"id": 1, "keep": True}, {"id": 2}, {"id": 3, "keep": True, "do": "fail"}, {"id": 4, "keep": True})
    silent.put(1)
    mapped.await_ids({1, 3, 4})
    silent.await_ids({1})
    due = {
        "PolledEventCount": 4,
        "FilteredOutEventCount": 1,
        "InvokedEventCount": 4,  # each attempt counts
        "FailedInvokeEventCount": 2,
        "DroppedEventCount": 1,
    }
    mapped.eventually(lambda: event_counts(mapping) == due, "the counts", 20)
    assert event_counts(uncounted) == {}
