"""What a stage is made of, read from Terraform: the variables' defaults and what the stage's tfvars say instead."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

from harness import paths
from harness.errors import HarnessError

PLAIN = hcl2.SerializationOptions(strip_string_quotes=True, explicit_blocks=False, with_comments=False)


@dataclass(frozen=True)
class Settings:
    """The settings of a stage that AWS's bill depends on; both streams have the same.

    Attributes:
        region: AWS region.
        shards: of each stream.
        retention_hours: of each stream.
        shard_metrics: number of enhanced metrics of each shard.
        batch_size: largest number of records in one invocation.
        batching_window_seconds: how long Lambda waits for a batch to fill.
        parallelization_factor: batches of one shard at the same time.
        memory_mb: of the function.
        architecture: x86_64 or arm64.
        images: number of images the repository keeps; 0 for a Zip.
        log_days: days the function's logs are kept; 0 is for ever.
        failed_event_days: days until a failed event and its versions are gone; None is never.
        alarms: number of CloudWatch alarms.
        dashboards: number of CloudWatch dashboards.
    """

    region: str
    shards: int
    retention_hours: int
    shard_metrics: int
    batch_size: int
    batching_window_seconds: int
    parallelization_factor: int
    memory_mb: int
    architecture: str
    images: int
    log_days: int
    failed_event_days: int | None
    alarms: int
    dashboards: int


def read(stage: str, folder: Path = paths.INFRASTRUCTURE) -> Settings:
    """Reads a stage's settings.

    Args:
        stage: name of a file vars/<stage>.tfvars.
        folder: the Terraform root.

    Raises:
        HarnessError: there is no such stage.
    """
    file = folder / "vars" / f"{stage}.tfvars"
    if not file.is_file():
        stages = ", ".join(sorted(one.stem for one in file.parent.glob("*.tfvars")))
        raise HarnessError(f"there is no stage {stage!r}", f"choose one of {stages}")
    values = _defaults(folder) | _load(file)
    is_image = values["lambda_package_type"] == "Image"
    kept = (values["failed_events_expiration_days"], values["noncurrent_expiration_days"])
    return Settings(
        region=values["aws_region"],
        shards=values["shard_count"],
        retention_hours=values["stream_retention_hours"],
        shard_metrics=len(values["shard_level_metrics"]),
        batch_size=values["batch_size"],
        batching_window_seconds=values["batching_window_seconds"],
        parallelization_factor=values["parallelization_factor"],
        memory_mb=values["lambda_memory_size_mb"],
        architecture=values["lambda_architecture"],
        images=values["ecr_keep_images"] if is_image else 0,
        log_days=values["log_retention_in_days"],
        # An expired object of a versioned bucket stays as a noncurrent version.
        failed_event_days=None if None in kept else sum(kept),
        alarms=_resources(folder, "aws_cloudwatch_metric_alarm"),
        dashboards=_resources(folder, "aws_cloudwatch_dashboard"),
    )


def _load(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as stream:
        return dict(hcl2.load(stream, serialization_options=PLAIN))


def _defaults(folder: Path) -> dict[str, Any]:
    """The default of every variable that has one."""
    blocks = [block for file in sorted(folder.glob("*.tf")) for block in _load(file).get("variable", [])]
    return {name: body["default"] for block in blocks for name, body in block.items() if "default" in body}


def _resources(folder: Path, kind: str) -> int:
    """The number of resources of a type in the root and its modules."""
    files = [*folder.glob("*.tf"), *(folder / "modules").rglob("*.tf")]
    return sum(
        _instances(file.parent, f"{kind}.{name}", body)
        for file in files
        for block in _load(file).get("resource", [])
        for name, body in block.get(kind, {}).items()
    )


def _instances(folder: Path, address: str, body: dict[str, Any]) -> int:
    """How many a block makes: one, or as many as the map or list has that its for_each names.

    Raises:
        HarnessError: that cannot be told without Terraform.
    """
    each = body.get("for_each")
    if each is None and "count" not in body:
        return 1
    found = _locals(folder).get(str(each).removeprefix("${local.").removesuffix("}"), each)
    if isinstance(found, dict | list):
        return len(found)
    raise HarnessError(
        f"how many {address} there are cannot be read from Terraform",
        "write its for_each as a map, or as local.<name> where the local is a map",
    )


def _locals(folder: Path) -> dict[str, Any]:
    """The local values of a module, as written."""
    blocks = [block for file in sorted(folder.glob("*.tf")) for block in _load(file).get("locals", [])]
    return {name: value for block in blocks for name, value in block.items()}
