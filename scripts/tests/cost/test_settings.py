"""Prices and Terraform's settings as `make cost` reads them."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest

from harness import paths
from harness.cost import bill, table
from harness.errors import HarnessError

STAGE = """\
project_id = "odd"
aws_region = "us-east-1"
shard_count = 5
shard_level_metrics = ["IncomingBytes"]
lambda_memory_size_mb = 3008
lambda_package_type = "Image"
log_retention_in_days = 7
noncurrent_expiration_days = null
"""


@pytest.fixture
def infrastructure(tmp_path: Path) -> Path:
    """The project's Terraform root with an additional stage `odd`."""
    for file in paths.INFRASTRUCTURE.glob("*.tf"):
        shutil.copy(file, tmp_path)
    shutil.copytree(paths.INFRASTRUCTURE / "modules", tmp_path / "modules")
    (tmp_path / "vars").mkdir()
    (tmp_path / "vars" / "odd.tfvars").write_text(STAGE)
    return tmp_path


def test_a_stages_values_override_the_defaults(infrastructure: Path) -> None:
    odd = table.settings("odd", infrastructure)
    assert (odd.region, odd.shards, odd.shard_metrics, odd.memory_mb, odd.log_days) == ("us-east-1", 5, 1, 3008, 7)
    assert odd.failed_event_days is None  # null is a value, not an absent one
    assert (odd.retention_hours, odd.batch_size, odd.images) == (48, 100, 30)  # defaults of the root module


def test_a_changed_default_takes_effect(infrastructure: Path) -> None:
    file = infrastructure / "variables.tf"
    text = file.read_text()
    assert "default     = 48" in text
    file.write_text(text.replace("default     = 48", "default     = 72"))
    assert table.settings("odd", infrastructure).retention_hours == 72


def test_a_zip_needs_no_images(infrastructure: Path) -> None:
    file = infrastructure / "vars" / "odd.tfvars"
    file.write_text(STAGE.replace('"Image"', '"Zip"'))
    assert table.settings("odd", infrastructure).images == 0


LOCALS = """
locals {
  watched = {
    "errors"  = { threshold = 1 }
    throttles = { threshold = 2 }
  }
}
"""


@pytest.mark.parametrize(
    ("many", "number"),
    [
        ("", 1),
        ("count = var.force_destroy ? 1 : 0", 1),
        ("for_each = local.watched", 2),
        ("for_each = var.force_destroy ? local.watched : {}", 2),
        ("for_each = { one = 1, two = 2, three = 3 }", 3),
    ],
)
@pytest.mark.parametrize("folder", [".", "modules/lambda"])
def test_alarms_are_counted(infrastructure: Path, folder: str, many: str, number: int) -> None:
    before = table.settings("odd", infrastructure)
    block = f'resource "aws_cloudwatch_metric_alarm" "more" {{\n  {many}\n  alarm_name = "one"\n}}\n'
    (infrastructure / folder / "more.tf").write_text(LOCALS + block)
    after = table.settings("odd", infrastructure)
    assert (after.alarms, after.dashboards) == (before.alarms + number, before.dashboards)


def test_dashboards_are_counted(infrastructure: Path) -> None:
    before = table.settings("odd", infrastructure)
    (infrastructure / "more.tf").write_text(
        'resource "aws_cloudwatch_dashboard" "more" {\n  dashboard_name = "one"\n}\n'
    )
    assert table.settings("odd", infrastructure).dashboards == before.dashboards + 1


@pytest.mark.parametrize(
    "many", ["for_each = toset(var.names)", "count = length(var.names)", "for_each = local.unknown"]
)
def test_alarms_that_cannot_be_counted_are_refused(infrastructure: Path, many: str) -> None:
    block = f'resource "aws_cloudwatch_metric_alarm" "each" {{\n  {many}\n}}\n'
    (infrastructure / "more.tf").write_text(block)
    with pytest.raises(HarnessError, match=r"aws_cloudwatch_metric_alarm\.each"):
        table.settings("odd", infrastructure)


@pytest.mark.parametrize("stage", ["local", "stg", "prod"])
def test_every_stage_of_the_project_can_be_read(stage: str) -> None:
    found = table.settings(stage)
    assert dataclasses.asdict(found)["shards"] >= 1
    assert bill.prices_of(found.region).usd


def test_an_unknown_stage_is_refused_with_the_known_ones() -> None:
    with pytest.raises(HarnessError) as refused:
        table.settings("qa")
    assert "stg" in refused.value.next_step


def test_every_price_names_its_page() -> None:
    for region in ("us-east-1", "ap-south-1"):
        assert all(usd > 0 for usd in bill.prices_of(region).usd.values())
    for price in json.loads(bill.PRICES.read_text())["prices"].values():
        assert price["page"].startswith("https://aws.amazon.com/")
        assert price["unit"]
    assert not bill.prices_of("us-east-1").stand_ins


def test_an_unknown_price_is_marked(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    entry = {"unit": "x", "page": "https://aws.amazon.com/x/", "usd": {"us-east-1": 2.0, "ap-south-1": None}}
    file.write_text(json.dumps({"as_of": "2026-11-24", "prices": {"one": entry}}))
    found = bill.prices_of("ap-south-1", file)
    assert (found.usd["one"], "one" in found.stand_ins) == (2.0, True)


def test_a_region_without_prices_is_refused_with_the_file_to_fix() -> None:
    with pytest.raises(HarnessError) as refused:
        bill.prices_of("eu-north-1")
    assert "eu-north-1" in refused.value.cause
    assert "prices.json" in refused.value.next_step
