"""Settings of mappings that are refused."""

from typing import Any

import pytest

from benchmarks.conformance.suite.calls import refused

pytestmark = pytest.mark.aws_valid


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("BatchSize", 10_001),
        ("MaximumBatchingWindowInSeconds", 301),
        ("ParallelizationFactor", 11),
        ("MaximumRetryAttempts", 10_001),
        ("MaximumRecordAgeInSeconds", 59),
        ("TumblingWindowInSeconds", 901),
    ],
)
def test_a_value_beyond_its_range(calls: Any, setting: str, value: int) -> None:
    """BatchSize, window, factor, retries, age and tumbling window beyond their documented ranges are refused.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    functions, arn = calls.client("lambda"), calls.arn_of(calls.stream())
    refused(
        functions.create_event_source_mapping, "InvalidParameterValueException", "ValidationException",
        FunctionName=calls.journal.name, EventSourceArn=arn, StartingPosition="LATEST", **{setting: value},
    )  # fmt: skip
    left = functions.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    assert left == [], "the refused mapping is there"


def test_a_starting_position_is_needed(calls: Any) -> None:
    """A mapping of a stream without StartingPosition: InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    refused(
        calls.client("lambda").create_event_source_mapping, "InvalidParameterValueException", "ValidationException",
        FunctionName=calls.journal.name, EventSourceArn=calls.arn_of(calls.stream()),
    )  # fmt: skip


def test_a_time_needs_at_timestamp(calls: Any) -> None:
    """AT_TIMESTAMP without StartingPositionTimestamp: InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    refused(
        calls.client("lambda").create_event_source_mapping, "InvalidParameterValueException", "ValidationException",
        FunctionName=calls.journal.name, EventSourceArn=calls.arn_of(calls.stream()), StartingPosition="AT_TIMESTAMP",
    )  # fmt: skip


def test_a_mapping_is_made_once(calls: Any) -> None:
    """A second mapping of the same stream and function: ResourceConflictException.

    https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """
    functions = calls.client("lambda")
    wanted = {
        "FunctionName": calls.journal.name, "EventSourceArn": calls.arn_of(calls.stream()),
        "StartingPosition": "LATEST", "Enabled": False,
    }  # fmt: skip
    uuid = functions.create_event_source_mapping(**wanted)["UUID"]
    try:
        refused(functions.create_event_source_mapping, "ResourceConflictException", **wanted)
    finally:

        def deleted() -> bool:
            try:
                functions.delete_event_source_mapping(UUID=uuid)
            except functions.exceptions.ResourceInUseException:
                return False
            except functions.exceptions.ResourceNotFoundException:
                return True
            return True

        calls.target.eventually(deleted, "the mapping's deletion")


def test_an_invalid_filter(calls: Any) -> None:
    """A filter pattern that is not JSON: InvalidParameterValueException.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
    """
    refused(
        calls.client("lambda").create_event_source_mapping, "InvalidParameterValueException",
        FunctionName=calls.journal.name, EventSourceArn=calls.arn_of(calls.stream()), StartingPosition="LATEST",
        FilterCriteria={"Filters": [{"Pattern": "not JSON"}]},
    )  # fmt: skip
