"""The output of a run: a JSON file with every event, and a table with the bad ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import console
from harness.failed import Failed
from harness.ledger import Ledger, report
from harness.pipeline import definition
from harness.streams import Put, Read


def _ledger() -> Ledger:
    ledger = Ledger(definition.current())
    puts = [Put(b'{"sales_id": "[red]"}', "[red]", f"shardId-000000000001:{10**55 + i}", 100.0) for i in range(4)]
    for put in puts:
        ledger.enter(put, {"prediction": {"sales_prediction": 7.0}})
    ledger.all_entered()

    def answer(put: Put, value: float) -> Read:
        document = {"event_id": put.event_id, "version": "v"} | {
            "prediction": {"sales_id": "[red]", "sales_prediction": value}
        }
        return Read(json.dumps(document).encode(), put.key, "shardId-000000000000", "1", 100.25, 101.0)

    ledger.take_predictions([answer(puts[1], 7.0), answer(puts[0], 8.0)])
    ledger.take_failures([Failed("invalid/a", "bad [date]", puts[2].event_id, "[red]", puts[2].data, "2026", "bad")])
    ledger.close()
    return ledger


def test_the_file_has_a_verdict_for_every_event(tmp_path: Path) -> None:
    ledger = _ledger()
    report.write(ledger, tmp_path / "new" / "ledger.json")
    written = json.loads((tmp_path / "new" / "ledger.json").read_text())
    assert written["passed"] is False
    assert written["summary"]["events"] == 4
    events = written["events"]
    assert [event["verdict"] for event in events] == ["wrong prediction", "predicted", "failed with reason", "lost"]
    assert [event["out_of_order"] for event in events] == [True, False, False, False]
    assert events[0]["mistake"] == "prediction.sales_prediction is 8.0 instead of 7.0"
    assert events[1] == {
        "event_id": f"shardId-000000000001:{10**55 + 1}",
        "key": "[red]",
        "put_at": 100.0,
        "verdict": "predicted",
        "predictions": 1,
        "latency_ms": 250.0,
        "out_of_order": False,
    }
    assert events[2]["reasons"] == ["bad [date]"]
    assert events[3]["latency_ms"] is None


def test_the_table_lists_the_bad_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with console.out.capture() as captured:
        report.show(_ledger(), tmp_path / "ledger.json")
    text = captured.get()
    assert f"shardId-000000000001:{10**55}" in text
    assert "prediction.sales_prediction is 8.0 instead of 7.0; predicted after a later event of its key" in text
    assert "key [red]: failed with reason; bad [date]" in text
    assert "lost" in text
