"""What a load needs, by hand from AWS's limits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.capacity import limits, plan
from harness.capacity.plan import Function, Load, Settings

# 10 ms and 0.1 ms for each further event: 100 events take 19.9 ms on a full core.
FUNCTION = Function(10, 0.1, 100, "by hand")
STG = Settings(shards=2, parallelization_factor=1, batch_size=100, memory_mb=1769, region="us-east-1")
SLOW = replace(FUNCTION, invocation_ms=1000, event_ms=10)


@pytest.mark.parametrize(
    ("load", "function", "settings", "name", "carried"),
    [
        (Load(1000, 100, 100), FUNCTION, STG, "records/s written to a shard", 2000),
        (Load(1000, 2048, 100), FUNCTION, STG, "bytes/s written to a shard", 1024),
        (Load(1000, 100, 4096), FUNCTION, STG, "bytes/s of answers written to a shard", 512),
        # 1,990 ms for 100 events, two shards; 50 events with half a core.
        (Load(1000, 100, 100), SLOW, STG, "events/s processed of a shard", 2 * 100 / 1.99),
        (Load(1000, 100, 100), SLOW, replace(STG, memory_mb=1769 // 2), "events/s processed of a shard", 100 / 1.99),
        # Ten batches at the same time of each shard.
        (
            Load(1000, 100, 100),
            SLOW,
            replace(STG, parallelization_factor=10),
            "events/s processed of a shard",
            20 * 100 / 1.99,
        ),
    ],
)
def test_the_limit_met_first(load: Load, function: Function, settings: Settings, name: str, carried: float) -> None:
    assert plan.limits_of(load, function, settings)[0].name == name
    assert plan.carried(load, function, settings) == pytest.approx(carried, rel=1e-3)


def test_every_limit_names_the_page_that_states_it() -> None:
    found = plan.limits_of(Load(1, 1, 1), FUNCTION, STG)
    assert len({limit.name for limit in found}) == 7
    assert all(limit.page.startswith("https://docs.aws.amazon.com/") for limit in found)


def test_a_slow_function_needs_parallel_batches_and_then_more_shards() -> None:
    # 1 s an event, whatever the batch: 100 events/s need 100 / 0.8 = 125 batches at the same time.
    slow = Function(1000, 1000, 100, "by hand")
    found = plan.recommended(Load(100, 100, 100), slow, STG)
    assert (found.shards, found.parallelization_factor) == (13, 10)


def test_a_fast_function_needs_shards_for_the_writes_alone_and_little_memory() -> None:
    found = plan.recommended(Load(8000, 100, 100), FUNCTION, STG)
    assert (found.shards, found.memory_mb) == (10, 256)  # 8,000 / 800; 1.5 x 100 MiB


def test_a_function_of_unusual_size_gets_the_memory_that_it_needs() -> None:
    assert plan.recommended(Load(1, 100, 100), replace(FUNCTION, peak_mib=3000), STG).memory_mb == 4544


def test_without_a_measured_memory_the_stage_keeps_its_own() -> None:
    small = replace(STG, memory_mb=512)
    assert plan.recommended(Load(1, 100, 100), replace(FUNCTION, peak_mib=None), small).memory_mb == 512


def test_a_batch_fits_into_an_invocation() -> None:
    assert plan.fitting_batch(10_000, 100) == limits.PAYLOAD // (136 + limits.ENVELOPE)
    assert plan.fitting_batch(100, 100) == 100
    assert plan.fitting_batch(100, 2**20) == 4


@given(
    st.floats(0.1, 1e6), st.integers(1, 2**20), st.integers(1, 2**20), st.floats(0.1, 1e4), st.floats(0, 1e3),
    st.integers(1, 2000),
)  # fmt: skip
def test_what_is_recommended_carries_the_load_with_headroom(
    rate: float, record: int, answer: int, once: float, each: float, peak: int
) -> None:
    load, function = Load(rate, record, answer), Function(once, each, peak, "any")
    found = plan.recommended(load, function, STG)
    assert 1 <= found.parallelization_factor <= limits.MAX_PARALLELIZATION
    assert found.memory_mb >= peak * plan.MEMORY_RESERVE
    assert plan.carried(load, function, found) * plan.HEADROOM >= rate * (1 - 1e-6)
