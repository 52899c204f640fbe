"""The ledger detects records that are dropped, duplicated, changed, reordered or failed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.cli import ledger_runs
from harness.failed import Failed
from harness.ledger import Ledger, Verdict, report
from harness.pipeline import definition
from harness.stack import mapping
from harness.stack.discards import Discard
from harness.streams import Put, Read

VERSION = "run-1"
SHARD = "shardId-000000000000"


def _put(number: int, key: str | None = None) -> Put:
    sales_id: object = number if key is None else key
    data = json.dumps({"sales_input": {}, "sales_id": sales_id}).encode()
    return Put(data, str(sales_id), f"{SHARD}:{number}", 100.0)


def _answer(put: Put, value: object, *, key: str | None = None, **changes: object) -> Read:
    answer = {
        "model": "store_sales",
        "version": VERSION,
        "prediction": {
            "sales_prediction": value,
            "sales_id": changes.pop("sales_id", json.loads(put.data)["sales_id"]),
        },
        "event_id": put.event_id,
    }
    return Read(json.dumps(answer | changes).encode(), key or put.key, SHARD, "1", 101.5, 102.0)


def _sales(value: float) -> dict[str, Any]:
    """Return what an answer must have."""
    return {"version": VERSION, "prediction": {"sales_prediction": value}}


def _failure(put: Put, data: bytes | None = None, key: str | None = None) -> Failed:
    kept = put.data if data is None else data
    return Failed("invalid/x.json", "bad", put.event_id, key or put.key, kept, "2026-01-01", "bad")


def _filled(puts: list[Put], *, all_entered: bool = True) -> Ledger:
    ledger = Ledger(definition.current())
    for number, put in enumerate(puts, 1):
        ledger.enter(put, _sales(10.0 * number))
    if all_entered:
        ledger.all_entered()
    return ledger


@pytest.fixture
def puts() -> list[Put]:
    return [_put(number) for number in range(1, 6)]


@pytest.fixture
def ledger(puts: list[Put]) -> Ledger:
    return _filled(puts)


@pytest.fixture
def answers(puts: list[Put]) -> list[Read]:
    return [_answer(put, 10.0 * number) for number, put in enumerate(puts, 1)]


def test_all_predicted_passes(ledger: Ledger, answers: list[Read]) -> None:
    ledger.take_predictions(answers)
    ledger.close()
    assert ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 5}
    assert ledger.summary()["latency_p50_ms"] == 1500
    assert ledger.seconds == pytest.approx(1.5)


def test_unanswered_events_are_lost(ledger: Ledger) -> None:
    assert not ledger.passed
    assert ledger.counts == {Verdict.LOST: 5}


def test_a_dropped_record_is_lost(ledger: Ledger, answers: list[Read]) -> None:
    ledger.take_predictions(answers[1:])
    assert not ledger.complete
    assert not ledger.passed
    assert ledger.counts[Verdict.LOST] == 1


def test_a_duplicated_record_is_reported_but_allowed(ledger: Ledger, answers: list[Read]) -> None:
    ledger.take_predictions([*answers, answers[0], answers[0]])
    assert ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.DUPLICATED: 1}
    assert ledger.summary()["extra predictions"] == 2


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda put: _answer(put, 10.1), "10.1"),
        (lambda put: _answer(put, float("nan")), "NaN"),
        (lambda put: _answer(put, 10.0, version="other"), "other"),
        (lambda put: _answer(put, 10.0, sales_id=4711), "4711"),
        (lambda put: _answer(put, 10.0, sales_id="1"), "'1'"),
        (lambda put: _answer(put, 10.0, key="another"), "another"),
    ],
    ids=["value", "nan", "version", "sales_id", "type of sales_id", "partition key"],
)
def test_a_changed_record_is_wrong(
    ledger: Ledger, puts: list[Put], answers: list[Read], change: Callable[[Put], Read], word: str
) -> None:
    ledger.take_predictions([change(puts[0]), *answers[1:]])
    assert not ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.WRONG: 1}
    assert word in ledger.entries[puts[0].event_id].mistake


def test_a_second_prediction_that_differs_is_wrong(ledger: Ledger, puts: list[Put], answers: list[Read]) -> None:
    ledger.take_predictions([*answers, _answer(puts[0], 99.0)])
    assert not ledger.passed
    assert ledger.counts[Verdict.WRONG] == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"model": ',
        b"[]",
        b"7",
        b'{"event_id": ["a"]}',
        b'{"event_id": "a", "prediction": null}',
        b"\xff",
        b"[" * 99999,
    ],
)
def test_a_record_that_is_not_a_prediction_does_not_pass(ledger: Ledger, answers: list[Read], data: bytes) -> None:
    ledger.take_predictions([*answers, Read(data, "1", SHARD, "9", 101.0, 102.0)])
    assert ledger.unreadable == 1
    assert not ledger.passed


@pytest.mark.parametrize("value", ["10.0", None, True, [10.0]])
def test_a_prediction_that_is_not_a_number_is_wrong(ledger: Ledger, puts: list[Put], value: object) -> None:
    ledger.take_predictions([_answer(puts[0], value)])
    assert ledger.counts[Verdict.WRONG] == 1


def test_an_unexpected_failure_does_not_pass(ledger: Ledger, puts: list[Put], answers: list[Read]) -> None:
    ledger.take_predictions(answers[1:])
    ledger.take_failures([_failure(puts[0])])
    assert ledger.complete
    assert ledger.counts[Verdict.FAILED] == 1
    assert not ledger.passed


def _passed(ledger: Ledger) -> bool:
    """Return the current verdict. With the attribute itself, mypy would assume that it has not changed."""
    return ledger.passed


def test_an_expected_failure_passes_only_as_a_failure(ledger: Ledger, puts: list[Put], answers: list[Read]) -> None:
    ledger.entries[puts[0].event_id].expected = None
    ledger.take_predictions(answers[1:])
    assert not _passed(ledger)
    ledger.take_failures([_failure(puts[0]), _failure(puts[0])])
    assert _passed(ledger)
    assert ledger.entries[puts[0].event_id].reasons == ("bad",)
    ledger.take_predictions([_answer(puts[0], 10.0)])
    assert not _passed(ledger)
    assert ledger.counts[Verdict.WRONG] == 1


def test_an_event_predicted_and_then_given_up_has_failed(ledger: Ledger, puts: list[Put], answers: list[Read]) -> None:
    """A batch whose function died after writing: a redrive will predict its events again."""
    ledger.take_predictions(answers)
    ledger.take_failures([_failure(puts[0])])
    assert ledger.counts[Verdict.FAILED] == 1
    assert ledger.summary()["predicted and failed"] == 1
    assert not ledger.passed


@pytest.mark.parametrize("kept", [{"data": b"cut"}, {"key": "another"}])
def test_a_failure_without_the_whole_event_is_a_loss(
    ledger: Ledger, puts: list[Put], answers: list[Read], kept: dict[str, object]
) -> None:
    ledger.entries[puts[0].event_id].expected = None
    ledger.take_predictions(answers[1:])
    ledger.take_failures([_failure(puts[0], **kept)])  # type: ignore[arg-type]
    assert ledger.counts[Verdict.LOST] == 1
    assert not ledger.passed


def test_a_prediction_of_another_event_is_reported(ledger: Ledger, answers: list[Read]) -> None:
    ledger.take_predictions([*answers, _answer(_put(77), 1.0)])
    assert ledger.strangers == [f"{SHARD}:77"]
    assert ledger.passed


def test_predictions_read_before_their_put_was_acknowledged_count(puts: list[Put], answers: list[Read]) -> None:
    ledger = Ledger(definition.current())
    ledger.take_predictions([*answers, answers[0], _answer(_put(77), 1.0)])
    for number, put in enumerate(puts, 1):
        ledger.enter(put, _sales(10.0 * number))
    ledger.all_entered()
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.DUPLICATED: 1}
    assert ledger.strangers == [f"{SHARD}:77"]


# The order in which predictions for five events of one key are read, and how many come late.
@pytest.mark.parametrize(
    ("order", "late"),
    [
        ("12345", 0),
        ("12312345", 0),  # a retry repeats what was delivered
        ("1231345", 0),
        ("13452", 1),
        ("21345", 1),
        ("54321", 4),
        ("1345", 0),  # lost, but in order
        ("1324512345", 1),  # a retry in the right order fixes nothing: a consumer has seen 3 before 2
    ],
)
def test_first_predictions_of_a_key_must_come_in_order(order: str, late: int) -> None:
    puts = {str(number): _put(number, "one key") for number in range(1, 6)}
    ledger = _filled(list(puts.values()))
    ledger.take_predictions([_answer(puts[number], 10.0 * int(number)) for number in order])
    assert ledger.out_of_order == late
    assert ledger.passed == (late == 0 and set(order) == set("12345"))


def test_early_predictions_keep_the_streams_order() -> None:
    puts = [_put(number, "one key") for number in (1, 2)]
    ledger = _filled([], all_entered=False)
    ledger.take_predictions([_answer(puts[1], 20.0), _answer(puts[0], 10.0)])
    for number, put in enumerate(puts, 1):
        ledger.enter(put, _sales(10.0 * number))
    assert ledger.out_of_order == 1


def test_sequence_numbers_are_compared_as_numbers() -> None:
    puts = [_put(number, "one key") for number in (9, 10)]
    ledger = _filled(puts)
    ledger.take_predictions([_answer(puts[0], 10.0), _answer(puts[1], 20.0)])
    assert ledger.out_of_order == 0


def test_events_of_different_keys_have_no_order(ledger: Ledger, answers: list[Read]) -> None:
    ledger.take_predictions(reversed(answers))
    assert ledger.out_of_order == 0


def _repeated(number: int, key: str) -> Put:
    return replace(_put(number, key), repeated=True)


def test_a_record_stored_twice_by_an_unacknowledged_put_is_predicted_twice() -> None:
    """The producer knows only the second event id. The first is recognized by the content of its prediction."""
    put, other = _repeated(7, "k"), _put(8, "k")
    ledger = Ledger(definition.current())
    ledger.enter(put, _sales(10.0))
    ledger.enter(other, _sales(20.0))
    unacknowledged = replace(put, event_id=f"{SHARD}:5")
    ledger.take_predictions([_answer(unacknowledged, 10.0), _answer(put, 10.0), _answer(other, 20.0)])
    ledger.all_entered()
    ledger.take_predictions([_answer(unacknowledged, 10.0)])
    ledger.close()
    assert ledger.passed
    assert ledger.counts == {Verdict.DUPLICATED: 1, Verdict.PREDICTED: 1}
    assert ledger.summary()["put twice"] == 1
    assert ledger.summary()["extra predictions"] == 2
    assert ledger.strangers == []


@pytest.mark.parametrize(
    ("put", "answer"),
    [
        (_put(7, "k"), _answer(_put(5, "k"), 10.0)),  # it was acknowledged at once
        (_repeated(7, "k"), _answer(_put(5, "k"), 11.0)),
        (_repeated(7, "k"), _answer(_put(5, "l"), 10.0)),
        (_repeated(7, "k"), _answer(_put(5, "k"), 10.0, version="other")),
    ],
    ids=["not repeated", "value", "sales_id", "version"],
)
def test_a_prediction_that_matches_no_repeated_put_belongs_to_another_event(put: Put, answer: Read) -> None:
    ledger = Ledger(definition.current())
    ledger.enter(put, _sales(10.0))
    ledger.all_entered()
    ledger.take_predictions([_answer(put, 10.0), answer])
    ledger.close()
    assert ledger.counts == {Verdict.PREDICTED: 1}
    assert ledger.strangers == [f"{SHARD}:5"]


def test_a_copy_does_not_count_as_the_event_itself() -> None:
    ledger = Ledger(definition.current())
    ledger.enter(_repeated(7, "k"), _sales(10.0))
    ledger.all_entered()
    ledger.take_predictions([_answer(_put(5, "k"), 10.0)])
    ledger.close()
    assert ledger.counts == {Verdict.LOST: 1}


def test_the_time_of_a_failure_is_when_it_was_written(ledger: Ledger, puts: list[Put]) -> None:
    written = replace(_failure(puts[0]), failed_at="1970-01-01T00:01:43.500+00:00")  # read only now
    ledger.take_failures([written])
    ledger.close()
    assert ledger.seconds == pytest.approx(3.5)


QUEUE = "arn:aws:sqs:eu-west-1:000000000000:dlq"


def _discard(put: Put, destination: str = QUEUE) -> Discard:
    return Discard(put.event_id, "RetryAttemptsExhausted", "RetryAttemptsExhausted (Unhandled)", 3, destination)


def test_an_event_discarded_to_a_queue_has_failed_with_the_mappings_reason(ledger: Ledger, puts: list[Put]) -> None:
    # GIVEN no bucket WHEN the emulator lists what the mapping gave up THEN nobody waits for it
    ledger.take_discards([_discard(put) for put in puts])
    assert ledger.complete
    assert ledger.answered == 5
    ledger.close()
    assert ledger.counts == {Verdict.FAILED: 5}
    assert ledger.entries[puts[0].event_id].reasons == ("RetryAttemptsExhausted (Unhandled)",)
    assert ledger.destinations == {QUEUE}
    assert not ledger.passed  # valid events


def test_an_event_discarded_to_nowhere_is_lost_at_once(
    ledger: Ledger, puts: list[Put], answers: list[Read], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ledger.take_predictions(answers[1:])
    before = ledger.complete
    ledger.take_discards([_discard(puts[0], "")])
    assert (before, ledger.complete) == (False, True)
    ledger.close()
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.LOST: 1}
    report.show(ledger, tmp_path / "ledger.json")
    story = "lost; the mapping discarded it (RetryAttemptsExhausted (Unhandled)) and has no failure destination"
    assert story in capsys.readouterr().out


def test_a_discard_that_is_read_before_the_acknowledgement_counts(puts: list[Put]) -> None:
    ledger = Ledger(definition.current())
    ledger.take_discards([_discard(puts[0])])
    ledger.enter(puts[0], None)
    ledger.all_entered()
    assert ledger.complete
    ledger.close()
    assert ledger.passed  # it must fail


def test_a_prediction_after_a_discard_counts_once(ledger: Ledger, puts: list[Put], answers: list[Read]) -> None:
    ledger.take_discards([_discard(puts[0], ""), _discard(puts[1])])
    ledger.take_predictions(answers)
    assert (ledger.answered, ledger.complete) == (5, True)
    ledger.close()
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.FAILED: 1}
    assert ledger.summary()["predicted and failed"] == 1


@pytest.mark.parametrize(
    ("bucket", "destination", "says", "not_named"),
    [
        ("failed", None, "see make failed-events and make local-logs", ""),
        (None, QUEUE, f"failure records of discarded events are in {QUEUE}", "failed-events"),
        (None, "arn:aws:s3:::b", "are in arn:aws:s3:::b: set outputs.failed_events", "make failed-events"),
        (None, "", "add destination_config.on_failure", "failed-events"),
    ],
)
def test_the_next_step_names_where_failed_events_are(
    ledger: Ledger, puts: list[Put], bucket: str | None, destination: str | None, says: str, not_named: str
) -> None:
    stack: Any = SimpleNamespace(resources=SimpleNamespace(failed_events=bucket))
    ledger.take_discards([] if destination is None else [_discard(puts[0], destination)])
    found = ledger_runs.where(stack, ledger)
    assert says in found
    assert not not_named or not_named not in found


def test_what_of_the_mapping_keeps_events_from_the_function_is_told_if_some_are_missing(
    ledger: Ledger, answers: list[Read], monkeypatch: pytest.MonkeyPatch
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: they are dropped."""
    found: dict[str, Any] = {"FilterCriteria": {"Filters": [{"Pattern": '{"a":[1]}'}]}, "State": "Disabled"}
    monkeypatch.setattr(mapping, "of", lambda _: found)
    stack: Any = SimpleNamespace()
    ledger.take_predictions(answers[1:])
    told = ledger_runs._with_obstacles("not every event", stack, ledger)
    assert told.endswith('that match none of its filters: {"a":[1]}. The mapping\'s state is Disabled.')
    # WHEN nothing is missing, or nothing stands in the way THEN there is nothing to tell
    found.clear()
    assert ledger_runs._with_obstacles("not every event", stack, ledger) == "not every event"
    found["State"] = "Disabled"
    ledger.take_predictions(answers[:1])
    assert ledger_runs._with_obstacles("not every event", stack, ledger) == "not every event"
