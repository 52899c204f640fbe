"""The schedule of faults: reproducible from its seed, spread over the run, with few kills of LocalStack."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from harness.chaos import FAULTS, KILL, schedule


@given(st.integers(), st.floats(min_value=1, max_value=1000), st.booleans())
def test_a_seed_is_reproducible_and_its_faults_lie_within_the_run(seed: int, seconds: float, kill: bool) -> None:
    faults = schedule(seed, seconds, kill=kill)
    assert faults == schedule(seed, seconds, kill=kill)
    assert faults
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(0 <= fault.at <= seconds and fault.name in {*FAULTS, KILL} for fault in faults)


def test_seeds_differ_and_all_faults_are_drawn() -> None:
    assert schedule(1, 100) != schedule(2, 100)
    assert {fault.name for seed in range(20) for fault in schedule(seed, 20)} == set(FAULTS)


@given(st.integers(), st.floats(min_value=1, max_value=1000))
def test_kills_are_few_and_added_to_the_other_faults(seed: int, seconds: float) -> None:
    without, faults = schedule(seed, seconds), schedule(seed, seconds, kill=True)
    assert [fault for fault in faults if fault.name != KILL] == without
    kills = len(faults) - len(without)
    assert kills == 2 if seconds >= 300 else kills == 1 if seconds >= 20 else kills <= 1


def test_few_short_schedules_have_a_kill() -> None:
    assert 0 < sum(any(fault.name == KILL for fault in schedule(seed, 8, kill=True)) for seed in range(200)) < 40


@given(st.integers(), st.floats(min_value=100, max_value=1000), st.integers(min_value=1, max_value=20))
def test_as_many_kills_as_wanted_have_time_between_them(seed: int, seconds: float, kills: int) -> None:
    found = [fault.at for fault in schedule(seed, seconds, kill=True, kills=kills) if fault.name == KILL]
    assert len(found) == kills
    assert all(later - at > 0.3 * seconds / kills for at, later in pairwise(found))
    assert not any(fault.name == KILL for fault in schedule(seed, seconds, kills=kills))
