"""Event patterns: how filters of mappings and rules of EventBridge compare, and which patterns are refused.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeline_emulator.event_source import filters

pytestmark = pytest.mark.local_only

CONDITIONS: list[tuple[Any, Any, bool]] = [
    (1, True, False),
    (0, False, False),
    (True, 1, False),
    (True, True, True),
    (1, 1.0, True),
    (None, None, True),
    ({"numeric": ["=", 1]}, True, False),
    ({"numeric": ["=", 1]}, 1, True),
    ({"anything-but": [0]}, False, True),
    ({"anything-but": 0}, False, True),
    ({"anything-but": [0]}, 0, False),
    ({"anything-but": {"prefix": "a"}}, "b", True),
    ({"prefix": {"equals-ignore-case": "ab"}}, 5, False),
    ({"suffix": {"equals-ignore-case": "ab"}}, 5, False),
    ({"prefix": {"equals-ignore-case": "ab"}}, "ABc", True),
    ({"cidr": "0.0.0.0/8"}, 5, False),
    ({"wildcard": "a*b"}, "ab", True),
    ({"wildcard": "a*b"}, "a\nb", True),
    ({"wildcard": "a*b"}, "abc", False),
    ({"wildcard": "a.*"}, "abc", False),
    ({"wildcard": r"a\*b"}, "a*b", True),
    ({"wildcard": r"a\*b"}, "axb", False),
    ({"wildcard": r"a\\*b"}, r"a\xb", True),
    ({"wildcard": r"a\\*b"}, "axb", False),
]


def matches_detail(localstack: Any, pattern: Any, detail: Any) -> bool:
    event = {
        "id": "1", "account": "000000000000", "source": "s", "time": "2026-01-01T00:00:00Z", "region": "ap-south-1",
        "resources": [], "detail-type": "t", "detail": detail,
    }  # fmt: skip
    request = {"EventPattern": json.dumps({"detail": pattern}), "Event": json.dumps(event)}
    return bool(localstack.client("events").test_event_pattern(**request)["Result"])


@pytest.mark.parametrize(("condition", "value", "matches"), CONDITIONS)
def test_values_are_compared_with_their_types(localstack: Any, condition: Any, value: Any, matches: bool) -> None:
    assert matches_detail(localstack, {"x": [condition]}, {"x": value}) is matches


ITEMS = [{"sku": "a", "qty": 1}, {"sku": "b", "qty": 5}]
BOTH = {"items": {"sku": ["a"], "qty": [{"numeric": [">", 3]}]}}


@pytest.mark.parametrize(
    ("pattern", "detail", "matches"),
    [
        (BOTH, {"items": ITEMS}, False),
        (BOTH, {"items": [*ITEMS, {"sku": "a", "qty": 5}]}, True),
        (BOTH, {"items": {"sku": "a", "qty": 5}}, True),
        ({"tags": ["x"], "sizes": [2]}, {"tags": ["y", "x"], "sizes": [1, 2]}, True),
        ({"items": {"sku": ["a"]}, "tags": ["x"]}, {"items": ITEMS, "tags": ["x", "y"]}, True),
        ({"items": {"sku": ["c"]}, "tags": ["x"]}, {"items": ITEMS, "tags": ["x", "y"]}, False),
        ({"items": {"sku": ["a"]}}, {"items": []}, False),
    ],
)
def test_fields_of_objects_in_a_list_match_in_the_same_object(
    localstack: Any, pattern: Any, detail: Any, matches: bool
) -> None:
    """https://github.com/aws/event-ruler, "Array-consistent matching"; EventBridge is made from it."""
    assert matches_detail(localstack, pattern, detail) is matches


def test_a_value_that_cannot_be_compared_holds_up_no_shard(create_mapped_stream: Any) -> None:
    mapped = create_mapped_stream()
    pattern = '{"data": {"k": [{"prefix": {"equals-ignore-case": "ab"}}]}}'
    mapped.map(BatchSize=1, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    mapped.put({"id": 1, "k": "abc"}, {"id": 2, "k": 5}, {"id": 3, "k": "ABD"})
    assert mapped.await_ids({1, 3}) == [[1], [3]]


def test_an_error_of_the_engine_is_no_match(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_pattern: Any, _view: Any) -> bool:
        raise OverflowError("int too large to convert to float")

    monkeypatch.setattr(filters, "matches_event", fail)
    event = {"kinesis": {"data": base64.b64encode(b"{}").decode()}}
    assert not filters.RecordFilter([{"data": {"a": [1]}}]).matches(event)
    assert "int too large" in caplog.text


@pytest.mark.parametrize("pattern", ['{"data": {"$or": ["a", "b"]}}', '{"data": ["x"]}'])
def test_patterns_for_other_data_than_json_are_refused(
    localstack: Any, create_stream: Callable[..., str], create_function: Callable[..., Any], pattern: str
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-filtering.html"""
    function = create_function("def handler(event, context): return []").name
    arn = f"arn:aws:kinesis:ap-south-1:000000000000:stream/{create_stream()}"
    functions = localstack.client("lambda")
    wanted = {"FunctionName": function, "EventSourceArn": arn, "StartingPosition": "LATEST", "Enabled": False}
    with pytest.raises(ClientError) as refused:
        functions.create_event_source_mapping(**wanted, FilterCriteria={"Filters": [{"Pattern": pattern}]})
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidParameterValueException",
        "Invalid filter pattern definition.",
    )
