"""The settings that determine the bill of another pipeline, from a plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.cost import bill, planned, table
from harness.errors import HarnessError
from harness.pipeline import definition
from harness.pipeline.definition import Pipeline
from harness.terraform.planned import Planned, Resource

TOML = """\
name = "rides"
[terraform]
root = "."
[outputs]
source_stream = "source"
output_stream = { name = "out" }
function = { name = "f" }
[events]
sample = { id = 1 }
[ledger]
id_in = "id"
id_out = "id"
"""
STREAM, FUNCTION = "aws_kinesis_stream", "aws_lambda_function"


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    """A pipeline of which only the names matter."""
    (tmp_path / "pipeline.toml").write_text(TOML)
    (tmp_path / "main.tf").touch()
    return definition.load(tmp_path)


def plan(*more: tuple[str, dict[str, Any]], shards: int | None = 3, **function: Any) -> Planned:
    """A plan with two streams, a function and more resources."""
    resources: list[tuple[str, dict[str, Any]]] = [
        (STREAM, {"name": "in", "shard_count": shards, "retention_period": 48}),
        (STREAM, {"name": "out", "shard_count": 1, "shard_level_metrics": ["IncomingBytes"]}),
        (STREAM, {"name": "another", "shard_count": 9}),
        (FUNCTION, {"function_name": "f", **function}),
        *more,
    ]
    found = tuple(Resource(f"{kind}.{number}", kind, values) for number, (kind, values) in enumerate(resources))
    return Planned(found, {"source": "in"})


def test_what_terraform_leaves_out_is_as_aws_has_it(pipeline: Pipeline) -> None:
    found = planned.of_plan(plan(), pipeline, "us-east-1")
    assert (found.shards, found.output_shards, found.retention_hours, found.shard_metrics) == (3, 1, 48, 1)
    assert (found.batch_size, found.batching_window_seconds, found.parallelization_factor) == (100, 0, 1)
    assert (found.memory_mb, found.architecture, found.images, found.is_traced) == (128, "x86_64", 0, False)
    assert (found.log_days, found.alarms, found.dashboards, found.keys) == (0, 0, 0, 0)


def test_what_terraform_sets_counts(pipeline: Pipeline) -> None:
    found = planned.of_plan(
        plan(
            ("aws_lambda_event_source_mapping", {"batch_size": 7, "maximum_batching_window_in_seconds": 2}),
            ("aws_cloudwatch_log_group", {"name": "/aws/lambda/f", "retention_in_days": 14}),
            ("aws_cloudwatch_log_group", {"name": "/other", "retention_in_days": 400}),
            ("aws_cloudwatch_metric_alarm", {}),
            ("aws_kms_key", {}),
            memory_size=512, architectures=["arm64"], package_type="Image", tracing_config=[{"mode": "Active"}],
        ),
        pipeline,
        "us-east-1",
    )  # fmt: skip
    assert (found.batch_size, found.batching_window_seconds, found.log_days) == (7, 2, 14)
    assert (found.memory_mb, found.architecture, found.images, found.is_traced) == (512, "arm64", 1, True)
    assert (found.alarms, found.keys) == (1, 1)


def test_each_stream_s_shards_are_billed(pipeline: Pipeline) -> None:
    found = planned.of_plan(plan(), pipeline, "us-east-1")
    work, prices = bill.Workload(0), bill.prices_of("us-east-1")
    hour = prices.usd["kinesis_shard_hour"]
    assert bill.lines(found, prices, work)[0].usd == pytest.approx(4 * bill.HOURS * hour)
    assert bill.lines(replace(found, output_shards=None), prices, work)[0].usd == pytest.approx(6 * bill.HOURS * hour)


def test_what_has_no_known_price_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(HarnessError, match="the stream in is on demand"):
        planned.of_plan(plan(shards=None), pipeline, "us-east-1")
    with pytest.raises(HarnessError, match="the plan makes no aws_lambda_function f; it makes g"):
        planned.of_plan(plan(function_name="g"), pipeline, "us-east-1")
    with pytest.raises(HarnessError, match="how long an invocation of rides takes is not known"):
        table.text_of(pipeline, "stg", (0,), None)


def test_a_region_without_prices_gets_marked_ones() -> None:
    prices = bill.prices_of("mars-1", may_stand_in=True)
    assert prices.stand_ins == frozenset(prices.usd)
    assert prices.usd == bill.prices_of(bill.REFERENCE).usd
