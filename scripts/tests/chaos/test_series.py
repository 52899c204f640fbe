"""A series of seeds: their notation, the line per seed, the totals and the file."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from harness import console
from harness.chaos import Outcome
from harness.chaos.series import Series, by_kind, seeds
from harness.errors import HarnessError
from harness.ledger import Ledger
from harness.pipeline import definition
from harness.streams import Put, Read


@pytest.mark.parametrize(("text", "first", "last"), [("100", 1, 100), ("1-100", 1, 100), ("7-7", 7, 7), ("0-2", 0, 2)])
def test_seeds_are_a_count_or_a_range(text: str, first: int, last: int) -> None:
    assert list(seeds(text)) == list(range(first, last + 1))


@pytest.mark.parametrize("text", ["0", "x", "-3", "5-", "9-7", "1,2", "\uff11"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(HarnessError, match="names no seeds"):
        seeds(text)


def _outcome(seed: int, *, events: int, predicted: int, twice: int = 0, faults: Counter[str]) -> Outcome:
    """Return a run whose first events are predicted, some of them twice."""
    ledger = Ledger(definition.current())
    puts = [Put(b'{"sales_id": "a"}', "a", f"shardId-000000000000:{number}", 1.0) for number in range(1, events + 1)]
    for put in puts:
        ledger.enter(put, {"prediction": {"sales_prediction": 7.0}})
    ledger.all_entered()
    documents = [
        {"event_id": put.event_id, "version": "v", "prediction": {"sales_id": "a", "sales_prediction": 7.0}}
        for put in [*puts[:predicted], *puts[:twice]]
    ]
    ledger.take_predictions(Read(json.dumps(found).encode(), "a", "s", "1", 2.0, 2.0) for found in documents)
    ledger.close()
    return Outcome(seed, ledger, faults, 12.34)


def test_lines_totals_and_file_count_the_outcomes(tmp_path: Path) -> None:
    done = Series(3)
    line = done.add(_outcome(1, events=3, predicted=3, twice=1, faults=Counter({"crash function": 2})))
    assert line == "3, 0, 0, 0, 1, 2"
    assert done.totals()["lost"] == 0
    done.add(_outcome(2, events=3, predicted=1, faults=Counter({"crash function": 1, "throttle reads": 0})))
    path = tmp_path / "ledger" / "series.json"
    done.write(path)
    written = json.loads(path.read_text())
    assert written["passed"] is False
    assert written["totals"] == {
        "events": 6, "lost": 2, "wrong": 0, "out of order": 0, "twice": 1, "failed with reason": 0, "faults": 3,
        "seconds": 24.6,
    }  # fmt: skip
    assert written["faults"] == {"crash function": 3}
    assert [(row["seed"], row["passed"]) for row in written["seeds"]] == [(1, True), (2, False)]
    report = done.report()
    assert {case.name: case.failure for case in report.cases} == {
        "seed 1": "",
        "seed 2": "lost 2, wrong 0, out of order 0",
        "faults took effect": "",
    }
    assert dict(report.as_dict()["sections"][0]["rows"]) == written["totals"]
    with console.out.capture() as captured:
        done.show(path)
    assert "2 seeds" in captured.get()
    assert by_kind(Counter({"b": 1, "a": 2, "c": 0})) == "a 2, b 1"


def test_an_empty_series_has_not_passed(tmp_path: Path) -> None:
    Series(3).write(tmp_path / "series.json")
    assert json.loads((tmp_path / "series.json").read_text())["passed"] is False
    assert not Series(3).report().passed
