"""Computes a stage's monthly cost from Terraform's settings, a rate of events and AWS's list prices.

Excludes taxes, the free tier, support plans and reads by consumers of the predictions.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown

PRICES = Path(__file__).with_name("prices.json")  # update it when a pricing page changes
REFERENCE = "us-east-1"  # its prices replace unknown ones of other regions
HOURS = 730  # per month, as in AWS's calculator
SECONDS = HOURS * 3600
YEAR = 365  # days that count if something is kept forever
GB = 10**9  # 7 % too much, never too little, if AWS means 2^30
PAYLOAD_UNIT = 25 * 1024
# Quotas of a shard: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
SHARD_RECORDS, SHARD_BYTES = 1000, 1024 * 1024
# "At 1,769 MB, a function has the equivalent of one vCPU": https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY_OF_ONE_CPU = 1769
EXTENDED_HOURS, LONG_TERM_HOURS = 24, 168
# Lambda's sampling, which cannot be changed: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
TRACES_PER_SECOND, TRACES_BEYOND = 1, 0.05


@dataclass(frozen=True)
class Settings:
    """The Terraform settings of a stage that determine the bill; both streams have the same retention and metrics."""

    region: str
    shards: int
    retention_hours: int
    shard_metrics: int  # per shard
    batch_size: int
    batching_window_seconds: int
    parallelization_factor: int
    memory_mb: int
    architecture: str
    images: int  # kept by the repository; 0 for a Zip
    log_days: int  # 0 means forever
    failed_event_days: int | None  # until a failed event and its versions are deleted; None means never
    alarms: int
    dashboards: int
    keys: int
    output_shards: int | None = None  # None: as many as the source stream
    is_traced: bool = True  # by X-Ray


@dataclass(frozen=True)
class Workload:
    """A load with its assumed sizes and times, which determine the bill and are not in Terraform."""

    rate: float  # events per second, evenly over the month and the shards
    duration_ms: float | None = None  # per invocation; None uses the next two, which were measured
    invocation_ms: float = 7.74  # with one event, warm, on a full core (README, "Invoke, warm, p50", containers)
    event_ms: float = 0.06  # per further event (docs/decisions/2026-11-24-emulator-speed.md: 0.06 s per 1,000 events)
    event_bytes: int = 110  # including its partition key
    prediction_bytes: int = 250  # including its partition key
    log_bytes: int = 830  # per invocation: START, END, REPORT and a line of the function, plus 26 bytes each
    invalid_share: float = 0.001  # of the events; each becomes an object in the failed-events bucket
    failed_bytes: int = 1000
    image_bytes: int = 221 * 10**6  # README, uncompressed; ECR bills the compressed and shares layers
    model_bytes: int = 10**8
    state_bytes: int = 10**7


@dataclass(frozen=True)
class Prices:
    """List prices of a region in US dollars, before tax and free tier, by name in `prices.json`."""

    as_of: str
    usd: Mapping[str, float]
    stand_ins: frozenset[str]  # prices taken from the reference region because this region's are unknown
    pages: frozenset[str]


@dataclass(frozen=True)
class Line:
    """A line of the bill: US dollars per month, and the names of its prices."""

    title: str
    usd: float
    prices: frozenset[str]


def prices_of(region: str, path: Path = PRICES, *, may_stand_in: bool = False) -> Prices:
    """Read a region's prices.

    Args:
        region: of AWS.
        path: the file with the prices.
        may_stand_in: take those of the reference region if none of the region's are known.

    Raises:
        HarnessError: the region's prices are unknown.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    entries = content["prices"]
    for entry in entries.values():
        if region not in entry["usd"] and may_stand_in:
            entry["usd"][region] = None
        if region not in entry["usd"]:
            raise HarnessError(
                f"the prices of region {region} are unknown; known are {', '.join(entry['usd'])}",
                f"add them to {shown(path)}, from the AWS pricing pages named there",
            )
    stand_ins = frozenset(name for name, entry in entries.items() if entry["usd"][region] is None)
    usd = {name: entry["usd"][REFERENCE if name in stand_ins else region] for name, entry in entries.items()}
    return Prices(content["as_of"], usd, stand_ins, frozenset(entry["page"] for entry in entries.values()))


def shards_needed(workload: Workload) -> int:
    """Return the shards that each stream needs for its records and the larger record's bytes, if keys are even."""
    largest = max(workload.event_bytes, workload.prediction_bytes)
    return max(1, math.ceil(max(workload.rate / SHARD_RECORDS, workload.rate * largest / SHARD_BYTES)))


def invocations(settings: Settings, workload: Workload) -> float:
    """Return the invocations per second.

    Lambda polls each shard once per second or batching window, and invokes with what it finds. Full batches are
    invoked as fast as they fill. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    count = max(settings.shards, shards_needed(workload))
    rate = workload.rate / count
    polls = settings.parallelization_factor / max(1, settings.batching_window_seconds)
    return count * max(min(rate, polls), rate / settings.batch_size)


def billed_ms(settings: Settings, workload: Workload) -> float:
    """Return the milliseconds billed for an average invocation, rounded up as Lambda does."""
    count = invocations(settings, workload)
    if not count:
        return 0.0
    if workload.duration_ms is not None:
        return math.ceil(workload.duration_ms)
    slower = max(1.0, MEMORY_OF_ONE_CPU / settings.memory_mb)
    events = workload.rate / count
    # Round first, so that noise in the 15th digit does not become a millisecond.
    return math.ceil(round(slower * (workload.invocation_ms + workload.event_ms * max(0.0, events - 1)), 6))


def lines(stage: Settings, prices: Prices, load: Workload) -> list[Line]:
    """Return the monthly bill by line; every rate has the same lines."""

    def line(title: str, **quantities: float) -> Line:
        return Line(title, sum(prices.usd[name] * quantities[name] for name in quantities), frozenset(quantities))

    needed = shards_needed(load)
    outputs = stage.shards if stage.output_shards is None else stage.output_shards
    shards = max(stage.shards, needed) + max(outputs, needed)
    sizes = (load.event_bytes, load.prediction_bytes)
    extended = shards * HOURS if stage.retention_hours > EXTENDED_HOURS else 0
    old = max(0, stage.retention_hours - LONG_TERM_HOURS) * 3600 * load.rate * sum(sizes)
    calls = invocations(stage, load)
    busy = calls * SECONDS * billed_ms(stage, load) / 1000 * stage.memory_mb / 1024
    traces = min(calls, TRACES_PER_SECOND) + TRACES_BEYOND * max(0.0, calls - TRACES_PER_SECOND)
    failed = load.rate * load.invalid_share
    failed_kept = failed * (YEAR if stage.failed_event_days is None else stage.failed_event_days) * 86400
    log_days = f"{stage.log_days} days" if stage.log_days else f"forever, counted as {YEAR} days"
    logged = calls * load.log_bytes / GB
    bill = [
        line("Kinesis: shards of both streams", kinesis_shard_hour=shards * HOURS),
        line(
            "Kinesis: PUT payload units",
            kinesis_payload_units_million=load.rate * SECONDS * sum(math.ceil(n / PAYLOAD_UNIT) for n in sizes) / 1e6,
        ),
        line(
            f"Kinesis: retention of {stage.retention_hours} h",
            kinesis_extended_shard_hour=extended, kinesis_long_term_gb_month=old / GB,
        ),
        line("CloudWatch: shard-level metrics", cloudwatch_metric_month=shards * stage.shard_metrics),
        line("Lambda: requests", lambda_requests_million=calls * SECONDS / 1e6),
        line(f"Lambda: duration at {stage.memory_mb} MB", **{f"lambda_gb_second_{stage.architecture}": busy}),
        line("X-Ray: traces recorded", xray_traces_million=traces * SECONDS / 1e6 * stage.is_traced),
        line(
            f"S3: failed events, {load.invalid_share:.1%} of all",
            s3_puts_thousand=failed * SECONDS / 1000, s3_gb_month=failed_kept * load.failed_bytes / GB,
        ),
        line("S3: models and Terraform state", s3_gb_month=(load.model_bytes + load.state_bytes) / GB),
        line(f"ECR: {stage.images} images", ecr_gb_month=stage.images * load.image_bytes / GB),
        line(
            f"CloudWatch: logs, kept {log_days}",
            logs_ingested_gb=logged * SECONDS, logs_stored_gb_month=logged * (stage.log_days or YEAR) * 86400,
        ),
        line(f"CloudWatch: alarms ({stage.alarms})", cloudwatch_alarm_month=stage.alarms),
        line(f"CloudWatch: dashboards ({stage.dashboards})", cloudwatch_dashboard_month=stage.dashboards),
    ]  # fmt: skip
    # Requests are negligible: Kinesis calls KMS about every five minutes, and S3 rarely because of its bucket keys.
    return [*bill, line(f"KMS: keys ({stage.keys})", kms_key_month=stage.keys)] if stage.keys else bill
