"""The schedule of faults: the same for the same seed, spread over the stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harness.chaos import FAULTS, schedule


@given(st.integers(), st.floats(min_value=1, max_value=1000))
def test_a_seed_can_be_replayed_and_its_faults_lie_within_the_stream(seed: int, seconds: float) -> None:
    faults = schedule(seed, seconds)
    assert faults == schedule(seed, seconds)
    assert faults
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(0 <= fault.at <= seconds and fault.name in FAULTS for fault in faults)


def test_seeds_differ_and_all_faults_are_drawn() -> None:
    assert schedule(1, 100) != schedule(2, 100)
    assert {fault.name for seed in range(20) for fault in schedule(seed, 20)} == set(FAULTS)
