"""What a stage is made of, read from Terraform: the variables' defaults and what the stage's tfvars say instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
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
        keys: number of KMS keys.
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
    keys: int


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
    modules = _modules(folder)
    values = _defaults(modules[folder]) | _load(file)
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
        alarms=_resources(modules, "aws_cloudwatch_metric_alarm"),
        dashboards=_resources(modules, "aws_cloudwatch_dashboard"),
        keys=_resources(modules, "aws_kms_key") if values["kms_enabled"] else 0,
    )


def _load(file: Path) -> dict[str, Any]:
    with file.open(encoding="utf-8") as stream:
        return dict(hcl2.load(stream, serialization_options=PLAIN))


def _modules(folder: Path) -> dict[Path, list[dict[str, Any]]]:
    """The files of the root and of each module, by folder."""
    files = sorted([*folder.glob("*.tf"), *(folder / "modules").rglob("*.tf")])
    return {place: [_load(file) for file in files if file.parent == place] for place in {file.parent for file in files}}


def _blocks(files: list[dict[str, Any]], kind: str) -> Iterator[tuple[str, Any]]:
    """The labelled blocks of a kind, or the names and values of `locals`."""
    for file in files:
        for block in file.get(kind, []):
            yield from block.items()


def _defaults(files: list[dict[str, Any]]) -> dict[str, Any]:
    """The default of every variable that has one."""
    return {name: body["default"] for name, body in _blocks(files, "variable") if "default" in body}


def _resources(modules: dict[Path, list[dict[str, Any]]], kind: str) -> int:
    """The number of resources of a type in the root and its modules."""
    return sum(
        _instances(dict(_blocks(files, "locals")), f"{kind}.{name}", body)
        for files in modules.values()
        for found, resources in _blocks(files, "resource")
        if found == kind
        for name, body in resources.items()
    )


def _instances(values: dict[str, Any], address: str, body: dict[str, Any]) -> int:
    """How many a block makes: one, or as many as the map or list has that its for_each names.

    A condition counts as met.

    Args:
        values: the module's local values, as written.
        address: of the resource, for the message.
        body: of the block.

    Raises:
        HarnessError: that cannot be told without Terraform.
    """
    if "for_each" not in body and re.fullmatch(r"1|\$\{.*\? 1 : 0\}", str(body.get("count", 1))):
        return 1
    each = body.get("for_each")
    named = [values.get(name) for name in re.findall(r"\blocal\.(\w+)", str(each))]
    found = [len(one) for one in (each, *named) if isinstance(one, dict | list)]
    if len(found) == 1:
        return found[0]
    raise HarnessError(
        f"how many {address} there are cannot be read from Terraform",
        "write its for_each as a map, or as local.<name> where the local is a map",
    )
