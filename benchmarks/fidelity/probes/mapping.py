"""aws_lambda_event_source_mapping: the conformance suite's cases, and probes for the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.fidelity.bench import Bench
from benchmarks.fidelity.bindings import case, probe
from benchmarks.fidelity.verdicts import Seen
from harness.errors import HarnessError
from harness.machine.waiting import poll

MAPPING = "aws_lambda_event_source_mapping"
EVENTS_DEADLINE = 60.0
COUNT_DEADLINE = 20.0

case("test_batches.py::test_batch_size", MAPPING, "batch_size")
case("test_batches.py::test_batching_window", MAPPING, "maximum_batching_window_in_seconds")
case("test_shards.py::test_parallelization_factor", MAPPING, "parallelization_factor")
case("test_retries.py::test_bisect", MAPPING, "bisect_batch_on_function_error")
case("test_retries.py::test_maximum_retries", MAPPING, "maximum_retry_attempts")
case("test_retries.py::test_record_age", MAPPING, "maximum_record_age_in_seconds")
case("test_destinations.py::test_bucket", MAPPING, "destination_config.on_failure.destination_arn")
case("test_partial_responses.py::test_one_identifier", MAPPING, "function_response_types")
case("test_partial_responses.py::test_response_without_the_setting", MAPPING, "function_response_types")
case("test_positions.py::test_trim_horizon", MAPPING, "starting_position")
case("test_positions.py::test_latest", MAPPING, "starting_position")
case("test_lifecycle.py::test_created_disabled", MAPPING, "enabled")
case("test_batches.py::test_event", MAPPING, "event_source_arn")
case("test_updates.py::test_update_of_the_function", MAPPING, "function_name")


@probe(MAPPING, "tumbling_window_in_seconds")
def tumbling_window(bench: Bench) -> Seen:
    """With a tumbling window of 1 s, batches carry the window and its state; with 0 they do not."""
    try:
        _mapping_id, events = _mapped(bench, {}, TumblingWindowInSeconds=1)
    except ClientError as error:
        return Seen(False, f"a window of 1 s is refused: {error.response['Error']['Code']}")
    [first, *_] = poll(events, "an invocation", EVENTS_DEADLINE, 0.2)
    return Seen(
        "window" in first, f"with a window of 1 s, a batch comes {'with' if 'window' in first else 'without'} one"
    )


@probe(MAPPING, "metrics_config.metrics")
def event_count(bench: Bench) -> Seen:
    """Events sent to the failure destination are counted if EventCount is on, and only then."""
    found = []
    for metrics in ([], ["EventCount"]):
        destination = bench.bucket()
        mapping, _events = _mapped(
            bench, {"FAILURE_OF_PROBE": "1"}, MetricsConfig={"Metrics": metrics}, MaximumRetryAttempts=0,
            DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{destination}"}},
        )  # fmt: skip
        given_up = partial(bench.client("s3").list_objects_v2, Bucket=destination)
        poll(lambda given_up=given_up: given_up().get("Contents"), "a failure record", EVENTS_DEADLINE, 0.2)  # type: ignore[misc]
        if metrics:  # counted shortly after the record is written
            with suppress(HarnessError):
                poll(partial(_delivered, bench, mapping), "the metric", COUNT_DEADLINE, 0.5)
        found.append(_delivered(bench, mapping))
    counts = f"{found[1]:g} with EventCount and {found[0]:g} without"
    return Seen(found == [0, 1], f"one failed event: OnFailureDestinationDeliveredEventCount is {counts}")


def _delivered(bench: Bench, mapping: str) -> float:
    now = datetime.now(UTC)
    points = bench.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName="OnFailureDestinationDeliveredEventCount", Period=60, Statistics=["Sum"],
        Dimensions=[{"Name": "EventSourceMappingUUID", "Value": mapping}],
        StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=5),
    )["Datapoints"]  # fmt: skip
    return float(sum(point["Sum"] for point in points))


def _mapped(
    bench: Bench, variables: Mapping[str, str], **settings: Any
) -> tuple[str, Callable[[], list[dict[str, Any]]]]:
    """Maps a stream with one record; returns the mapping, and a function that returns the events received."""
    functions, s3, bucket, stream = bench.client("lambda"), bench.client("s3"), bench.bucket(), bench.stream()
    place = {"BUCKET_OF_PROBE": bucket, "STREAM_OF_PROBE": stream}
    name = bench.function(Environment={"Variables": {**place, **variables}})
    bench.client("kinesis").put_record(StreamName=stream, Data=b"probe", PartitionKey="key")
    mapping = functions.create_event_source_mapping(
        EventSourceArn=bench.summary(stream)["StreamARN"],
        FunctionName=name,
        StartingPosition="TRIM_HORIZON",
        **settings,
    )["UUID"]

    def events() -> list[dict[str, Any]]:
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return [json.loads(s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()) for one in listed]

    return str(mapping), events
