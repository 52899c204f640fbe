"""The arithmetic of `make cost`, against a manual calculation at the list prices of us-east-1."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import events
from harness.cost import bill as bills
from harness.cost.bill import Settings, Workload

SETTINGS = Settings(
    region="us-east-1",
    shards=2,
    retention_hours=48,
    shard_metrics=7,
    batch_size=100,
    batching_window_seconds=0,
    parallelization_factor=1,
    memory_mb=1024,
    architecture="x86_64",
    images=30,
    log_days=14,
    failed_event_days=120,
    alarms=6,
    dashboards=1,
    keys=0,
)
PRICES = bills.prices_of("us-east-1")
# A month has 730 h or 2,628,000 s. At 100 events/s, each of two shards is polled once per second.
BY_HAND = {
    "Kinesis: shards of both streams": 4 * 730 * 0.015,
    "Kinesis: PUT payload units": 525.6 * 0.014,
    "Kinesis: retention of 48 h": 4 * 730 * 0.020,
    "CloudWatch: shard-level metrics": 4 * 7 * 0.30,
    "Lambda: requests": 5.256 * 0.20,
    "Lambda: duration at 1024 MB": 262_800 * 0.0000166667,  # 5.256 million times 50 ms
    "X-Ray: traces recorded": 2.7594 * 5,  # one per second and 5 % of the second one
    "S3: failed events, 0.1% of all": 262.8 * 0.005 + 1.0368 * 0.023,
    "S3: models and Terraform state": 0.11 * 0.023,
    "ECR: 30 images": 6.63 * 0.10,
    "CloudWatch: logs, kept 14 days": 4.36248 * 0.50 + 2.007936 * 0.03,
    "CloudWatch: alarms (6)": 6 * 0.10,
    "CloudWatch: dashboards (1)": 3.00,
}
rates = st.floats(0, 20_000)
stages = st.builds(
    dataclasses.replace,
    st.just(SETTINGS),
    shards=st.integers(1, 8),
    batch_size=st.sampled_from([1, 10, 100, 10_000]),
    batching_window_seconds=st.sampled_from([0, 5]),
    parallelization_factor=st.sampled_from([1, 10]),
    memory_mb=st.sampled_from([128, 1024, 3008]),
    retention_hours=st.sampled_from([24, 48, 400]),
)


def bill(settings: Settings, workload: Workload) -> dict[str, float]:
    return {line.title: line.usd for line in bills.lines(settings, PRICES, workload)}


def test_the_bill_of_100_events_per_second_matches_the_manual_calculation() -> None:
    assert bill(SETTINGS, Workload(100, duration_ms=50)) == pytest.approx(BY_HAND)


def test_a_kms_key_adds_a_line() -> None:
    assert bill(dataclasses.replace(SETTINGS, keys=1), Workload(0)) == bill(SETTINGS, Workload(0)) | {
        "KMS: keys (1)": 1.0
    }


def test_an_idle_stage_pays_for_its_resources() -> None:
    idle = bill(SETTINGS, Workload(0))
    running = {
        "Kinesis: PUT payload units",
        "Lambda: requests",
        "Lambda: duration at 1024 MB",
        "X-Ray: traces recorded",
    }
    by_events = {*running, "S3: failed events, 0.1% of all", "CloudWatch: logs, kept 14 days"}
    assert {title for title, usd in idle.items() if usd == 0} == by_events
    assert all(idle[title] == pytest.approx(BY_HAND[title]) for title in set(idle) - by_events)


@pytest.mark.parametrize(
    ("rate", "per_second"),
    [
        (1, 1),  # each event gets its own invocation
        (100, 2),  # two polls per second, 50 events each
        (1000, 10),  # full batches
    ],
)
def test_invocations(rate: float, per_second: float) -> None:
    assert bills.invocations(SETTINGS, Workload(rate)) == pytest.approx(per_second)


def test_a_batching_window_reduces_invocations() -> None:
    waiting = dataclasses.replace(SETTINGS, batching_window_seconds=5)
    assert bills.invocations(waiting, Workload(20)) == pytest.approx(0.4)


def test_the_default_duration_follows_the_share_of_a_core() -> None:
    # 100 events/s are 50 per invocation: 7.74 + 49 * 0.06 = 10.68 ms on a full core, which 1,769 MB get.
    assert bills.billed_ms(dataclasses.replace(SETTINGS, memory_mb=1769), Workload(100)) == 11
    assert bills.billed_ms(dataclasses.replace(SETTINGS, memory_mb=10240), Workload(100)) == 11
    assert bills.billed_ms(SETTINGS, Workload(100)) == 19  # 10.68 * 1769 / 1024 = 18.45


@pytest.mark.parametrize(
    ("workload", "needed"),
    [
        (Workload(0), 1),
        (Workload(2000), 2),
        (Workload(2001), 3),
        (Workload(100, event_bytes=50 * 1024), 5),  # 4.88 MiB per second
        (Workload(100, prediction_bytes=50 * 1024), 5),
    ],
)
def test_shards_needed(workload: Workload, needed: int) -> None:
    assert bills.shards_needed(workload) == needed


def test_a_rate_beyond_the_shards_is_billed_with_the_shards_it_needs() -> None:
    assert bill(SETTINGS, Workload(5000))["Kinesis: shards of both streams"] == pytest.approx(10 * 730 * 0.015)


def test_a_record_over_25_kb_is_two_payload_units() -> None:
    one = bill(SETTINGS, Workload(1, event_bytes=25 * 1024))["Kinesis: PUT payload units"]
    two = bill(SETTINGS, Workload(1, event_bytes=25 * 1024 + 1))["Kinesis: PUT payload units"]
    assert [one, two] == pytest.approx([2.628 * 2 * 0.014, 2.628 * 3 * 0.014])


@pytest.mark.parametrize(("hours", "usd"), [(24, 0.0), (168, 58.40), (268, 58.40 + 0.01296 * 100 * 0.023)])
def test_retention(hours: int, usd: float) -> None:
    stage = dataclasses.replace(SETTINGS, retention_hours=hours)
    # Beyond 168 h, each of 10 events per second keeps 360 bytes, with its prediction: 0.01296 GB per hour.
    assert bill(stage, Workload(10))[f"Kinesis: retention of {hours} h"] == pytest.approx(usd)


@given(stages, rates, rates)
def test_no_line_gets_cheaper_with_more_events(settings: Settings, one: float, other: float) -> None:
    fewer, more = (bill(settings, Workload(rate)) for rate in sorted([one, other]))
    assert all(usd <= more[title] * (1 + 1e-9) for title, usd in fewer.items())


def test_an_arm_function_costs_20_percent_less() -> None:
    arm = bill(dataclasses.replace(SETTINGS, architecture="arm64"), Workload(100, duration_ms=50))
    assert arm["Lambda: duration at 1024 MB"] == pytest.approx(262_800 * 0.0000133334)


def test_the_assumed_sizes_cover_the_documented_events() -> None:
    sample = events.sample()
    key = str(sample["sales_id"])
    event = json.dumps(sample)
    prediction = {
        "model": "store_sales",
        "version": 32 * "a",
        "prediction": {"sales_prediction": 6123.412345, "sales_id": sample["sales_id"]},
        "event_id": f"shardId-000000000000:{56 * '4'}",
    }
    assert len(event + key) <= Workload(1).event_bytes
    assert len(json.dumps(prediction) + key) <= Workload(1).prediction_bytes
