"""What a stage costs in a month: arithmetic alone, on Terraform's settings, prices and a rate of events.

Taxes, the free tier, support plans and reads by consumers of the predictions are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.cost.prices import Prices
from harness.cost.settings import Settings
from harness.cost.workload import Workload

HOURS = 730  # of a month, as AWS's own calculator counts
SECONDS = HOURS * 3600
YEAR = 365  # days that are reckoned with where something is kept for ever
GB = 10**9  # where AWS means 2^30 this is 7 % too much, never too little
PAYLOAD_UNIT = 25 * 1024
# Quotas of a shard: https://docs.aws.amazon.com/streams/latest/dev/service-sizes-and-limits.html
SHARD_RECORDS, SHARD_BYTES = 1000, 1024 * 1024
# "At 1,769 MB, a function has the equivalent of one vCPU": https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
MEMORY_OF_ONE_CPU = 1769
EXTENDED_HOURS, LONG_TERM_HOURS = 24, 168
# Lambda's sampling, which cannot be set: https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
TRACES_PER_SECOND, TRACES_BEYOND = 1, 0.05


@dataclass(frozen=True)
class Line:
    """A line of the bill.

    Attributes:
        title: what is paid for.
        usd: US dollars a month.
        prices: names of the prices it is made of.
    """

    title: str
    usd: float
    prices: tuple[str, ...]


def shards_needed(workload: Workload) -> int:
    """The shards each stream needs for records and for the larger one's bytes, when partition keys spread evenly."""
    largest = max(workload.event_bytes, workload.prediction_bytes)
    return max(1, math.ceil(max(workload.rate / SHARD_RECORDS, workload.rate * largest / SHARD_BYTES)))


def shards(settings: Settings, workload: Workload) -> int:
    """The shards of each stream that are reckoned with: the stage's, or more where they do not suffice."""
    return max(settings.shards, shards_needed(workload))


def invocations(settings: Settings, workload: Workload) -> float:
    """Invocations per second.

    Lambda asks each shard once a second, or once a batching window, and invokes with what there is; full batches come
    as fast as they fill. https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
    """
    count = shards(settings, workload)
    rate = workload.rate / count
    polls = settings.parallelization_factor / max(1, settings.batching_window_seconds)
    return count * max(min(rate, polls), rate / settings.batch_size)


def billed_ms(settings: Settings, workload: Workload) -> float:
    """Milliseconds billed for a mean invocation, in whole ones as Lambda does."""
    count = invocations(settings, workload)
    if not count:
        return 0.0
    if workload.duration_ms is not None:
        return math.ceil(workload.duration_ms)
    slower = max(1.0, MEMORY_OF_ONE_CPU / settings.memory_mb)
    events = workload.rate / count
    # Rounded first: noise of the 15th digit must not become a millisecond.
    return math.ceil(round(slower * (workload.invocation_ms + workload.event_ms * max(0.0, events - 1)), 6))


def lines(settings: Settings, prices: Prices, workload: Workload) -> list[Line]:
    """The bill of a month, line by line; the same lines for every rate."""
    streams, function = _streams(settings, prices, workload), _function(settings, prices, workload)
    return [
        *streams,
        *function,
        *_storage(settings, prices, workload),
        *_watching(settings, prices, workload),
        *_keys(settings, prices),
    ]


def total(bill: list[Line]) -> float:
    """The sum in US dollars a month."""
    return sum(line.usd for line in bill)


def _line(title: str, prices: Prices, **quantities: float) -> Line:
    return Line(title, sum(prices.usd(name) * quantity for name, quantity in quantities.items()), tuple(quantities))


def _streams(settings: Settings, prices: Prices, workload: Workload) -> list[Line]:
    both = 2 * shards(settings, workload)
    sizes = (workload.event_bytes, workload.prediction_bytes)
    units = workload.rate * SECONDS * sum(math.ceil(size / PAYLOAD_UNIT) for size in sizes)
    extended = both * HOURS if settings.retention_hours > EXTENDED_HOURS else 0
    old = max(0, settings.retention_hours - LONG_TERM_HOURS) * 3600 * workload.rate * sum(sizes)
    metrics = both * settings.shard_metrics
    return [
        _line("Kinesis: shards of both streams", prices, kinesis_shard_hour=both * HOURS),
        _line("Kinesis: PUT payload units", prices, kinesis_payload_units_million=units / 1e6),
        _line(
            f"Kinesis: retention of {settings.retention_hours} h",
            prices,
            kinesis_extended_shard_hour=extended,
            kinesis_long_term_gb_month=old / GB,
        ),
        _line("CloudWatch: shard-level metrics", prices, cloudwatch_metric_month=metrics),
    ]


def _function(settings: Settings, prices: Prices, workload: Workload) -> list[Line]:
    per_second = invocations(settings, workload)
    seconds = per_second * SECONDS * billed_ms(settings, workload) / 1000
    duration = {f"lambda_gb_second_{settings.architecture}": seconds * settings.memory_mb / 1024}
    traces = min(per_second, TRACES_PER_SECOND) + TRACES_BEYOND * max(0.0, per_second - TRACES_PER_SECOND)
    return [
        _line("Lambda: requests", prices, lambda_requests_million=per_second * SECONDS / 1e6),
        _line(f"Lambda: duration at {settings.memory_mb} MB", prices, **duration),
        _line("X-Ray: traces recorded", prices, xray_traces_million=traces * SECONDS / 1e6),
    ]


def _storage(settings: Settings, prices: Prices, workload: Workload) -> list[Line]:
    failed = workload.rate * workload.invalid_share
    days = YEAR if settings.failed_event_days is None else settings.failed_event_days
    kept = failed * days * 86400 * workload.failed_bytes
    return [
        _line(
            f"S3: failed events, {workload.invalid_share:.1%} of all",
            prices,
            s3_puts_thousand=failed * SECONDS / 1000,
            s3_gb_month=kept / GB,
        ),
        _line("S3: models and Terraform state", prices, s3_gb_month=(workload.model_bytes + workload.state_bytes) / GB),
        _line(f"ECR: {settings.images} images", prices, ecr_gb_month=settings.images * workload.image_bytes / GB),
    ]


def _watching(settings: Settings, prices: Prices, workload: Workload) -> list[Line]:
    kept_for = f"{settings.log_days} days" if settings.log_days else f"for ever, reckoned with {YEAR} days"
    logged = invocations(settings, workload) * workload.log_bytes / GB
    days = settings.log_days or YEAR
    return [
        _line(
            f"CloudWatch: logs, kept {kept_for}",
            prices,
            logs_ingested_gb=logged * SECONDS,
            logs_stored_gb_month=logged * days * 86400,
        ),
        _line(f"CloudWatch: alarms ({settings.alarms})", prices, cloudwatch_alarm_month=settings.alarms),
        _line(
            f"CloudWatch: dashboards ({settings.dashboards})", prices, cloudwatch_dashboard_month=settings.dashboards
        ),
    ]


def _keys(settings: Settings, prices: Prices) -> list[Line]:
    """Without requests: Kinesis asks about every five minutes, S3 seldom, because of its bucket keys."""
    return [_line(f"KMS: keys ({settings.keys})", prices, kms_key_month=settings.keys)] if settings.keys else []
