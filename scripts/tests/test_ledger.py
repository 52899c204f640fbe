"""The ledger must catch what it is there to catch: records dropped, doubled, changed and failed."""

from __future__ import annotations

import json

import pytest

from harness.failed import Failed
from harness.ledger import Entry, Ledger, Verdict
from harness.streams import Put, Read

VERSION = "run-1"


def _put(number: int) -> Put:
    data = json.dumps({"sales_input": {}, "sales_id": number}).encode()
    return Put(data, str(number), f"shardId-000000000000:{number}", 100.0)


def _answer(put: Put, value: float, *, version: str = VERSION, sales_id: object = None) -> Read:
    answer = {
        "model": "store_sales",
        "version": version,
        "prediction": {"sales_prediction": value, "sales_id": sales_id or json.loads(put.data)["sales_id"]},
        "event_id": put.event_id,
    }
    return Read(json.dumps(answer).encode(), put.key, "shardId-000000000000", "1", 101.0, 101.5)


def _failure(put: Put, data: bytes | None = None) -> Failed:
    return Failed("invalid/x.json", "bad", put.event_id, put.key, put.data if data is None else data, "2026-01-01")


@pytest.fixture
def ledger() -> Ledger:
    puts = [_put(number) for number in range(1, 6)]
    return Ledger({put.event_id: Entry(put, 10.0 * i) for i, put in enumerate(puts, 1)})


def _answers(ledger: Ledger) -> list[Read]:
    return [_answer(entry.put, entry.expected or 0) for entry in ledger.entries.values()]


def test_all_predicted_passes(ledger: Ledger) -> None:
    ledger.take_predictions(_answers(ledger), VERSION)
    assert ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 5}
    assert ledger.heard == 5
    assert ledger.percentile(0.5) == pytest.approx(1.5)


def test_a_dropped_record_is_lost(ledger: Ledger) -> None:
    ledger.take_predictions(_answers(ledger)[1:], VERSION)
    assert not ledger.passed
    assert ledger.counts[Verdict.LOST] == 1


def test_a_doubled_record_is_told_but_allowed(ledger: Ledger) -> None:
    answers = _answers(ledger)
    ledger.take_predictions([*answers, answers[0]], VERSION)
    assert ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.DUPLICATED: 1}


@pytest.mark.parametrize(
    "change", [{"value": 11.0}, {"value": 10.0, "version": "run-2"}, {"value": 10.0, "sales_id": 99}]
)
def test_a_changed_record_is_wrong(ledger: Ledger, change: dict[str, object]) -> None:
    first = next(iter(ledger.entries.values()))
    ledger.take_predictions([_answer(first.put, **change), *_answers(ledger)[1:]], VERSION)  # type: ignore[arg-type]
    assert not ledger.passed
    assert ledger.counts == {Verdict.PREDICTED: 4, Verdict.WRONG: 1}


def test_a_second_prediction_that_differs_is_wrong(ledger: Ledger) -> None:
    first = next(iter(ledger.entries.values()))
    ledger.take_predictions([*_answers(ledger), _answer(first.put, 99.0)], VERSION)
    assert not ledger.passed


def test_an_unexpected_failure_does_not_pass(ledger: Ledger) -> None:
    first = next(iter(ledger.entries.values()))
    ledger.take_predictions(_answers(ledger)[1:], VERSION)
    ledger.take_failures([_failure(first.put)])
    assert ledger.counts[Verdict.FAILED] == 1
    assert not ledger.passed


def test_an_expected_failure_passes_only_as_a_failure(ledger: Ledger) -> None:
    first = next(iter(ledger.entries.values()))
    first.expected = None
    ledger.take_predictions(_answers(ledger)[1:], VERSION)
    assert not ledger.passed
    ledger.take_failures([_failure(first.put)])
    assert ledger.passed
    ledger.take_predictions([_answer(first.put, 10.0)], VERSION)
    assert not ledger.passed


def test_a_failure_with_a_changed_payload_is_a_loss(ledger: Ledger) -> None:
    first = next(iter(ledger.entries.values()))
    first.expected = None
    ledger.take_predictions(_answers(ledger)[1:], VERSION)
    ledger.take_failures([_failure(first.put, b"cut")])
    assert ledger.counts[Verdict.LOST] == 1


def test_a_prediction_of_no_known_event_is_told(ledger: Ledger) -> None:
    ledger.take_predictions([_answer(_put(77), 1.0)], VERSION)
    assert ledger.strangers == ["shardId-000000000000:77"]
