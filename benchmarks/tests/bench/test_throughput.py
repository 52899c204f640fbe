"""How a round ends: all answered, silence, or the deadline; and how each is reported."""

from __future__ import annotations

import json

import pytest

from benchmarks.bench import rounds, throughput
from benchmarks.bench.rounds import Round
from harness.ledger import Ledger, Verdict
from harness.pipeline import definition
from harness.streams import Put, Read

VERSION = "run-1"
EVENTS = 6


class Pipeline:
    """Answers one event every `every` seconds of a clock that only `pause` advances, and stops after `until`."""

    def __init__(self, every: float, until: int = EVENTS) -> None:
        self.now = 0.0
        self.every, self.until = every, until
        self.answered = 0
        self.ledger = Ledger(definition.current())
        for number in range(EVENTS):
            data = json.dumps({"sales_id": number}).encode()
            put = Put(data, str(number), f"shardId-000000000000:{number}", 0.0)
            self.ledger.enter(put, {"prediction": {"sales_prediction": float(number)}})

    def take(self) -> None:
        due = min(self.until, int(self.now / self.every))
        self.ledger.take_predictions([self._answer(number) for number in range(self.answered, due)])
        self.answered = max(self.answered, due)

    def _answer(self, number: int) -> Read:
        answer = {
            "version": VERSION,
            "event_id": f"shardId-000000000000:{number}",
            "prediction": {"sales_id": number, "sales_prediction": float(number)},
        }
        return Read(json.dumps(answer).encode(), str(number), "shardId-000000000000", str(number), 0.0, self.now)

    def follow(self, end: float) -> tuple[float, bool]:
        return rounds.follow(
            self.ledger, self.take, end, lambda heard: None, lambda: self.now, self._pause
        )  # fmt: skip

    def _pause(self, seconds: float) -> None:
        self.now += seconds


def test_a_round_ends_with_the_last_answer() -> None:
    last, late = Pipeline(every=1.0).follow(end=60.0)
    assert last == pytest.approx(6.0, abs=0.2)
    assert not late


def test_a_slow_pipeline_is_stopped_at_the_deadline_and_its_rate_counts_answered_events() -> None:
    pipeline = Pipeline(every=5.0)
    last, late = pipeline.follow(end=16.0)
    assert late
    done = Round(EVENTS, EVENTS, dict(pipeline.ledger.counts), last, 16.0)
    assert done.answered == 3
    assert done.rate == pytest.approx(3 / 16, rel=0.02)
    assert done.remark == "deadline of 16 s: 3 of 6 done"


def test_lost_events_end_a_round_after_a_silence_that_does_not_count() -> None:
    pipeline = Pipeline(every=1.0, until=4)
    last, late = pipeline.follow(end=600.0)
    assert last == pytest.approx(4.0, abs=0.2)
    assert not late
    done = Round(EVENTS, EVENTS, dict(pipeline.ledger.counts), last, None)
    assert not done.faultless
    assert done.remark == "2 of 6 lost"


def test_wrong_and_duplicate_predictions_are_reported() -> None:
    done = Round(3, 3, {Verdict.PREDICTED: 1, Verdict.WRONG: 1, Verdict.DUPLICATED: 1}, 1.0, None)
    assert not done.faultless
    assert done.remark == "1 wrong, 1 predicted twice"


def test_a_duplicate_prediction_alone_is_not_a_fault() -> None:
    done = Round(2, 2, {Verdict.PREDICTED: 1, Verdict.DUPLICATED: 1}, 1.0, None)
    assert done.faultless
    assert done.rate == 2.0


def test_other_event_counts_get_their_own_deadline() -> None:
    assert throughput.deadline(10_000) == 40.0
    assert throughput.deadline(1) == 60.0
    assert throughput.deadline(1_000_000) == 10_000.0
