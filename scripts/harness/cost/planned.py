"""The settings that determine another pipeline's bill, from a plan of its Terraform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.cost.bill import Settings
from harness.errors import HarnessError
from harness.local import dry_plan
from harness.pipeline.definition import Pipeline
from harness.stages import stage as stages
from harness.terraform.planned import Planned

STREAM, FUNCTION, MAPPING = "aws_kinesis_stream", "aws_lambda_function", "aws_lambda_event_source_mapping"
LOGS = "aws_cloudwatch_log_group"
# What Lambda takes where Terraform is silent: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
MEMORY_MB, ARCHITECTURES, BATCH_SIZE = 128, ("x86_64",), 100
RETENTION_HOURS = 24  # of Kinesis


def settings(pipeline: Pipeline, name: str) -> Settings:
    """Read the settings of a pipeline's stage from a plan against an empty LocalStack.

    Args:
        pipeline: not this repository's own.
        name: of the stage.

    Raises:
        HarnessError: there is no such stage, the plan could not be made, or it has something without a known price.
    """
    stage = stages.load(name)
    package_type = "Image" if stage.is_image else "Zip"
    var_file = stage.vars_file if stage.vars_file.exists() else None
    planned = Planned.of(dry_plan.document(pipeline, var_file, package_type))
    return of_plan(planned, pipeline, stage.region or "us-east-1")


def of_plan(planned: Planned, pipeline: Pipeline, region: str) -> Settings:
    """Read the settings from a plan.

    Args:
        planned: what it makes.
        pipeline: knows the names of its streams and its function.
        region: AWS region.

    Raises:
        HarnessError: a stream has no fixed number of shards, or is not in the plan.
    """
    names = pipeline.resources(planned.outputs)
    streams = [_named(planned, STREAM, "name", name) for name in (names.source_stream, names.output_stream)]
    for stream in streams:
        if not stream.get("shard_count"):
            raise HarnessError(
                f"the stream {stream['name']} is on demand, whose prices are not known here",
                "look it up in AWS's pricing calculator, or set shard_count",
            )
    function = _named(planned, FUNCTION, "function_name", names.function)
    mapping: Mapping[str, Any] = next((found.values for found in planned.of_type(MAPPING)), {})
    logs = [found.values for found in planned.of_type(LOGS) if names.function in str(found.values.get("name"))]
    return Settings(
        region=region,
        shards=streams[0]["shard_count"],
        output_shards=streams[1]["shard_count"],
        retention_hours=max(stream.get("retention_period") or RETENTION_HOURS for stream in streams),
        shard_metrics=max(len(stream.get("shard_level_metrics") or []) for stream in streams),
        batch_size=mapping.get("batch_size") or BATCH_SIZE,
        batching_window_seconds=mapping.get("maximum_batching_window_in_seconds") or 0,
        parallelization_factor=mapping.get("parallelization_factor") or 1,
        memory_mb=function.get("memory_size") or MEMORY_MB,
        architecture=(function.get("architectures") or ARCHITECTURES)[0],
        images=1 if function.get("package_type") == "Image" else 0,
        log_days=max((group.get("retention_in_days") or 0 for group in logs), default=0),
        failed_event_days=None,
        alarms=len(planned.of_type("aws_cloudwatch_metric_alarm")),
        dashboards=len(planned.of_type("aws_cloudwatch_dashboard")),
        keys=len(planned.of_type("aws_kms_key")),
        is_traced=_mode(function.get("tracing_config") or []) == "Active",
    )


def _named(planned: Planned, kind: str, key: str, name: str) -> Mapping[str, Any]:
    found = [resource.values for resource in planned.of_type(kind) if resource.values.get(key) == name]
    if not found:
        known = ", ".join(str(resource.values.get(key)) for resource in planned.of_type(kind)) or "none"
        raise HarnessError(f"the plan makes no {kind} {name}; it makes {known}", "correct [outputs] in pipeline.toml")
    return found[0]


def _mode(blocks: Sequence[Mapping[str, Any]]) -> str:
    return next((str(block.get("mode")) for block in blocks), "")
