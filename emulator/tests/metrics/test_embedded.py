"""Metrics in log events, in the embedded metric format."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_emulator.metrics import embedded

AT = 1_700_000_000_000


def message(namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """A document with the metrics `sales` and `ms`, by store."""
    metrics = [{"Name": "sales", "Unit": "Count"}, {"Name": "ms", "Unit": "Milliseconds"}, {"Name": "none"}]
    directive = {"Namespace": namespace, "Dimensions": [["store"], []], "Metrics": metrics}
    own = {"store": "7", "sales": 3, "ms": [1.5, 2.5], "none": "text"}
    return {"_aws": {"Timestamp": AT, "CloudWatchMetrics": [directive]}, **own, **more}


def seen(document: Any) -> list[Any]:
    """What is found in a message."""
    text = document if isinstance(document, str) else json.dumps(document)
    return [
        (at, where.namespace, where.dimensions, where.unit, values)
        for at, where, values in embedded.found(text, "000000000000", "ap-south-1")
    ]


def test_each_metric_is_counted_for_each_set_of_dimensions() -> None:
    sales, milliseconds = ("Count", [("sales", 3.0)]), ("Milliseconds", [("ms", 1.5), ("ms", 2.5)])
    store = (("store", "7"),)
    assert seen(message()) == [
        (AT / 1000, "shop", dimensions, *metric) for dimensions in (store, ()) for metric in (sales, milliseconds)
    ]


@pytest.mark.parametrize(
    "document",
    [
        "no JSON _aws", '{"_aws"', [], {"_aws": 1}, {"_aws": {}}, {"_aws": {"Timestamp": "now"}},
        {"_aws": {"Timestamp": AT, "CloudWatchMetrics": {}}},
        {"_aws": {"Timestamp": AT, "CloudWatchMetrics": [{"Namespace": "x", "Dimensions": 1}]}},
        message(namespace=""), message(sales=True, ms=[]), message(sales=float("nan"), ms="1"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_format_counts_nothing(document: Any) -> None:
    assert seen(document) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Namespace", "Dimensions", "a"]), inner)
    ),
    max_leaves=8,
)


@given(JSON, JSON, JSON)
def test_no_document_fails(dimensions: Any, metrics: Any, value: Any) -> None:
    directive = {"Namespace": "x", "Dimensions": dimensions, "Metrics": metrics}
    seen({"_aws": {"Timestamp": AT, "CloudWatchMetrics": [directive, dimensions]}, "a": value})


@pytest.mark.local_only
def test_a_printed_metric_arrives_in_cloudwatch(
    create_function: Callable[..., Any], read_metric: Callable[..., dict[str, float]], eventually: Callable[..., Any]
) -> None:
    namespace = f"shop-{uuid.uuid4().hex[:8]}"
    function = create_function("""
        import json
        def handler(event, context):
            print(json.dumps(event))
    """)
    document = message(namespace)
    document["_aws"]["Timestamp"] = int(time.time() * 1000)
    for _ in range(2):
        assert function.invoke(document).error is None
    found = eventually(
        lambda: (seen := read_metric(namespace, "sales", store="7")).get("SampleCount") == 2 and seen, "the metric"
    )
    assert (found["Sum"], found["Maximum"]) == (6, 3)
    assert read_metric(namespace, "ms")["Average"] == 2
