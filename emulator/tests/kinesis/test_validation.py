"""How AWS words what a request violates.

The texts are those that AWS gave to the tests of https://github.com/mhart/kinesalite, which ran against it.
"""

from typing import Any

import pytest
from localstack.aws.spec import load_service

from pipeline_emulator.kinesis.provider.validation import RequestValidator
from pipeline_emulator.kinesis.streams.errors import ValidationError

LONG = "a" * 129
TAG = "[Member must have length less than or equal to {}, Member must have length greater than or equal to {}]"
EMPTY = "Member must have length greater than or equal to 1"


def refusal(operation: str, request: dict[str, Any], service: str = "kinesis") -> str:
    """Return what is wrong with a request, without the number of errors."""
    model: Any = load_service(service).operation_model(operation)
    with pytest.raises(ValidationError) as caught:
        RequestValidator().validate(model, request)
    return str(caught.value).partition(" detected: ")[2]


@pytest.mark.parametrize(
    ("operation", "request_", "text"),
    [
        ("AddTagsToStream", {"Tags": {}}, f"Value '{{}}' at 'tags' failed to satisfy constraint: {EMPTY}"),
        (
            "AddTagsToStream",
            {"Tags": {"b": "c", LONG: "3"}},
            f"Value '{{b=c, {LONG}=3}}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: "
            + TAG.format(128, 1),
        ),
        (
            "AddTagsToStream",
            {"Tags": {"b": LONG * 2}},
            f"Value '{{b={LONG * 2}}}' at 'tags' failed to satisfy constraint: Map value must satisfy constraint: "
            + TAG.format(256, 0),
        ),
        ("RemoveTagsFromStream", {"TagKeys": []}, f"Value '[]' at 'tagKeys' failed to satisfy constraint: {EMPTY}"),
        (
            "RemoveTagsFromStream",
            {"TagKeys": ["a", LONG, "b"]},
            f"Value '[a, {LONG}, b]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
            + TAG.format(128, 1),
        ),
        ("PutRecords", {"Records": []}, f"Value '[]' at 'records' failed to satisfy constraint: {EMPTY}"),
        (
            "PutRecords",
            {"Records": [{"Data": b"", "PartitionKey": "a"}, {"Data": b"", "PartitionKey": ""}]},
            f"Value '' at 'records.2.member.partitionKey' failed to satisfy constraint: {EMPTY}",
        ),
    ],
)
def test_values_of_lists_and_maps_are_repeated(operation: str, request_: dict[str, Any], text: str) -> None:
    assert refusal(operation, {"StreamName": "a", **request_}) == text


def test_a_pattern_of_a_filter_may_have_several_lines() -> None:
    """Later models say so: `[\\s\\S]*`."""
    model: Any = load_service("lambda").operation_model("UpdateEventSourceMapping")
    filters = {"Filters": [{"Pattern": '{\n  "data": {"a": [1]}\n}'}]}
    RequestValidator().validate(model, {"UUID": "1" * 36, "FilterCriteria": filters})


def test_parameters_can_be_left_out() -> None:
    model: Any = load_service("kinesis").operation_model("AddTagsToStream")
    RequestValidator(left_out={"Tags"}).validate(model, {"StreamName": "a"})
