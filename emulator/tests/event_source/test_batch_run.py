"""Decisions about a batch: by example, and for random behaviour of the function."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_emulator.event_source.batch_run import BatchRun, Discard, Invocation, NotInvoked, Outcome
from pipeline_emulator.event_source.records import StreamRecord
from pipeline_emulator.event_source.retries import VARIABLE, backoff, longest_seconds
from pipeline_emulator.event_source.settings import MappingSettings

pytestmark = pytest.mark.local_only

OK = Invocation("request")
ERROR = Invocation("request", function_error="Unhandled", succeeded=False)
SETTINGS = MappingSettings("uuid", "arn:function", "arn:aws:kinesis:r:a:stream/s")


def records(count: int) -> list[StreamRecord]:
    """Return records 0 to count - 1; record n arrived at second n."""
    return [StreamRecord(n, "key", float(n), "{}") for n in range(count)]


def settings(**changes: Any) -> MappingSettings:
    """Return settings with `changes`."""
    return dataclasses.replace(SETTINGS, **changes)


def failed_from(number: int) -> Invocation:
    """Return a partial response whose lowest identifier is `number`."""
    return Invocation("request", succeeded=False, first_failed=number)


def numbers(some: Sequence[StreamRecord]) -> list[int]:
    """Return the sequence numbers of records."""
    return [record.sequence_number for record in some]


def drive(
    count: int, rules: MappingSettings, function: Callable[[list[int]], Outcome], limit: int = 10_000
) -> tuple[list[list[int]], list[int], list[Discard]]:
    """Run a batch with `function`; return invocations, completed records and discards."""
    run = BatchRun(records(count), rules)
    invoked: list[list[int]] = []
    completed: list[int] = []
    discarded: list[Discard] = []
    while run.current:
        assert len(invoked) < limit, "the batch does not end"
        invoked.append(numbers(run.current))
        step = run.apply(function(invoked[-1]))
        completed.extend(numbers(step.completed))
        if step.discarded:
            discarded.append(step.discarded)
    return invoked, completed, discarded


def test_success_completes_the_batch() -> None:
    assert drive(3, SETTINGS, lambda _: OK) == ([[0, 1, 2]], [0, 1, 2], [])


@pytest.mark.parametrize("quota", [0, 1, 5])
def test_batch_is_invoked_once_and_retried_quota_times(quota: int) -> None:
    invoked, completed, [discard] = drive(2, settings(maximum_retry_attempts=quota), lambda _: ERROR)
    assert invoked == [[0, 1]] * (1 + quota)
    assert completed == []
    assert (discard.condition, discard.invoke_count) == ("RetryAttemptsExhausted", 1 + quota)
    assert numbers(discard.records) == [0, 1]


def test_endless_retries_never_discard() -> None:
    outcomes = iter([ERROR] * 500 + [OK])
    invoked, completed, discarded = drive(1, SETTINGS, lambda _: next(outcomes))
    assert (len(invoked), completed, discarded) == (501, [0], [])


def test_throttled_invocations_use_up_no_retry() -> None:
    outcomes = iter([NotInvoked("throttled")] * 50 + [OK])
    _, completed, discarded = drive(1, settings(maximum_retry_attempts=0), lambda _: next(outcomes))
    assert (completed, discarded) == ([0], [])


def test_bisect_halves_in_order_and_uses_up_no_retries() -> None:
    rules = settings(bisect_on_error=True, maximum_retry_attempts=1)
    invoked, completed, [discard] = drive(8, rules, lambda batch: ERROR if 5 in batch else OK)
    assert invoked == [list(range(8)), [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [5], [6, 7]]
    assert completed == [0, 1, 2, 3, 4, 6, 7]
    assert numbers(discard.records) == [5]
    assert discard.invoke_count == 2


def test_partial_response_retries_from_the_checkpoint() -> None:
    rules = settings(maximum_retry_attempts=2)
    invoked, completed, [discard] = drive(6, rules, lambda batch: failed_from(3) if 3 in batch else OK)
    assert invoked == [list(range(6)), [3, 4, 5], [3, 4, 5], [3, 4, 5]]
    assert completed == [0, 1, 2]
    assert numbers(discard.records) == [3, 4, 5]


def test_partial_response_leaves_a_new_batch_with_a_whole_quota() -> None:
    """LocalStack recorded on AWS, of Kinesis and of DynamoDB: [3, 4, 5] fails at 5, then 5 is invoked four times."""
    invoked, completed, [discard] = drive(3, settings(maximum_retry_attempts=3), lambda batch: failed_from(2))
    assert invoked == [[0, 1, 2], [2], [2], [2], [2]]
    assert (completed, discard.condition, discard.invoke_count) == ([0, 1], "RetryAttemptsExhausted", 4)


def test_partial_response_without_retries_completes_the_successful_records() -> None:
    invoked, completed, [discard] = drive(4, settings(maximum_retry_attempts=0), lambda _: failed_from(2))
    assert (invoked, completed, numbers(discard.records)) == ([[0, 1, 2, 3], [2, 3]], [0, 1], [2, 3])


def test_a_moved_checkpoint_starts_a_new_quota() -> None:
    """Each record fails once: the batch advances by one record per invocation and nothing is discarded."""
    failures = iter([failed_from(0), failed_from(1), failed_from(2), failed_from(3), OK])
    _, completed, discarded = drive(4, settings(maximum_retry_attempts=1), lambda _: next(failures))
    assert (completed, discarded) == ([0, 1, 2, 3], [])


def test_partial_response_with_bisect_splits_at_the_reported_record() -> None:
    rules = settings(bisect_on_error=True, maximum_retry_attempts=0)
    invoked, completed, [discard] = drive(8, rules, lambda batch: failed_from(3) if 3 in batch else OK)
    assert invoked == [list(range(8)), [3, 4, 5, 6, 7], [3, 4], [3], [4], [5, 6, 7]]
    assert completed == [0, 1, 2, 4, 5, 6, 7]
    assert numbers(discard.records) == [3]


def test_expired_records_leave_the_batch_before_the_next_invocation() -> None:
    run = BatchRun(records(4), settings(maximum_record_age=10.0))
    assert run.expire(now=9.9) is None
    discard = run.expire(now=11.0)
    assert discard is not None
    assert (numbers(discard.records), discard.condition) == ([0, 1], "RecordAgeExceeded")
    assert (discard.invoke_count, discard.invocation) == (0, None)
    assert numbers(run.current) == [2, 3]
    run.apply(ERROR)
    rest = run.expire(now=100.0)
    assert rest is not None
    assert (numbers(rest.records), rest.invoke_count, rest.invocation) == ([2, 3], 1, ERROR)
    assert list(run.current) == []


def test_records_do_not_age_while_the_function_is_paused() -> None:
    def paused_since(moment: float) -> float:
        return 9.0 - max(1.0, moment)  # from second 1 to second 9

    run = BatchRun(records(3), settings(maximum_record_age=10))
    assert run.expire(17.9, paused_since) is None
    discard = run.expire(18.1, paused_since)
    assert discard is not None
    assert numbers(discard.records) == [0]


def test_retries_are_delayed_and_splits_are_not() -> None:
    assert BatchRun(records(1), SETTINGS).apply(ERROR).delay > 0
    assert BatchRun(records(2), settings(bisect_on_error=True)).apply(ERROR).delay == 0
    waits = [backoff(attempt) for attempt in range(1, 2000)]
    assert waits == sorted(waits)
    assert (waits[0], max(waits)) == (0.1, 5.0)


@given(
    count=st.integers(1, 40),
    poison=st.sets(st.integers(0, 39)),
    quota=st.integers(0, 3),
    bisect=st.booleans(),
    partial=st.booleans(),
)
def test_every_record_ends_exactly_once_and_in_order(
    count: int, poison: set[int], quota: int, bisect: bool, partial: bool
) -> None:
    """Poison records always fail, as an error of the batch or in a partial response."""

    def function(batch: list[int]) -> Outcome:
        bad = poison.intersection(batch)
        if not bad:
            return OK
        return failed_from(min(bad)) if partial else ERROR

    rules = settings(maximum_retry_attempts=quota, bisect_on_error=bisect)
    invoked, completed, discarded = drive(count, rules, function)
    lost = [number for discard in discarded for number in numbers(discard.records)]
    assert sorted(completed + lost) == list(range(count))
    assert completed == sorted(completed)
    assert lost == sorted(lost)
    assert all(batch == list(range(batch[0], batch[-1] + 1)) for batch in invoked)
    if bisect:
        assert set(lost) == poison.intersection(range(count)), "bisect discarded more than the poison"


@given(st.data(), st.integers(1, 20), st.integers(0, 3), st.booleans())
def test_any_outcomes_lose_nothing(data: st.DataObject, count: int, quota: int, bisect: bool) -> None:
    outcome = st.sampled_from(["ok", "error", "partial", "throttled"])
    throttled = 0

    def function(batch: list[int]) -> Outcome:
        nonlocal throttled
        kind = data.draw(outcome)
        if kind == "throttled" and throttled < 5:
            throttled += 1
            return NotInvoked("throttled")
        if kind == "partial":
            return failed_from(data.draw(st.sampled_from(batch)))
        return ERROR if kind == "error" else OK

    rules = settings(maximum_retry_attempts=quota, bisect_on_error=bisect)
    _, completed, discarded = drive(count, rules, function)
    assert sorted(completed + [n for discard in discarded for n in numbers(discard.records)]) == list(range(count))


def test_the_longest_wait_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "60")
    assert [backoff(attempt) for attempt in (1, 2, 10, 11, 100)] == [0.1, 0.2, 51.2, 60, 60]
    for text in ("0", "-1", "inf", "soon"):
        with pytest.raises(ValueError, match=r"above 0|could not convert"):
            longest_seconds({VARIABLE: text})
