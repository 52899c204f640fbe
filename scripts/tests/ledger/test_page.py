"""The report of a run shows what went wrong, and has the ledger's numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.failed import Failed
from harness.ledger import Ledger, Verdict, page
from harness.pipeline import definition
from harness.reports import Mark
from harness.reports import page as pages
from harness.streams import Put, Read

LOST, WRONG, TWICE, RIGHT, FAILED = range(5)


def _put(number: int) -> Put:
    data = json.dumps({"sales_id": number, "note": "<script>alert(1)</script>"}).encode()
    return Put(data, str(number), f"shardId-00000000000{number % 2}:{1000 + number}", 100.0 + number)


def _answer(put: Put, value: float) -> Read:
    prediction = {"sales_id": json.loads(put.data)["sales_id"], "sales_prediction": value}
    document = {"event_id": put.event_id, "prediction": prediction}
    return Read(json.dumps(document).encode(), put.key, "shardId-000000000000", "1", put.at + 0.25, 110.0)


def _ledger(*, answered: tuple[int, ...] = (WRONG, TWICE, TWICE, RIGHT)) -> Ledger:
    ledger = Ledger(definition.current())
    puts = [_put(number) for number in range(5)]
    for put in puts:
        ledger.enter(put, {"prediction": {"sales_prediction": 7.0}})
    ledger.all_entered()
    ledger.take_predictions([_answer(puts[number], 8.0 if number == WRONG else 7.0) for number in answered])
    reason = "RetryAttemptsExhausted"
    put = puts[FAILED]
    ledger.take_failures([Failed("aws/lambda/a", reason, put.event_id, put.key, put.data, "2026", reason, 4)])
    ledger.close()
    return ledger


def _sections(ledger: Ledger, **more: Any) -> dict[str, Any]:
    document = page.of("verify", "Title", ledger, **more).as_dict()
    return {section["title"].partition(",")[0]: section for section in document["sections"]}


def test_lost_wrong_and_failed_events_are_shown_with_their_way() -> None:
    found = _sections(_ledger())["Events that went wrong"]
    assert [event["verdict"] for event in found["events"]] == ["lost", "wrong prediction", "failed with reason"]
    lost, wrong, failed = ([text for _, text in event["way"]] for event in found["events"])
    assert lost == [
        "put with the partition key 0",
        "stored in shardId-000000000000 as sequence number 1000",
        "neither a prediction nor a failure with its payload was read",
    ]
    assert wrong[2:] == [
        "first prediction, after 250 ms; 1 in all",
        "wrong: prediction.sales_prediction is 8.0 instead of 7.0",
    ]
    assert failed[2:] == [
        "failed: RetryAttemptsExhausted",
        "the event source mapping gave it up after 4 invocations",
    ]


def test_attempts_of_the_journal_are_on_the_way() -> None:
    attempt = {"started": 103.5, "records": 7, "request_id": "abc", "state_of_record": "failed", "reason": "Unhandled"}
    tried = [attempt | {"discarded": None}, attempt | {"discarded": "RetryAttemptsExhausted"}]
    event_id = _put(FAILED).event_id
    found = _sections(_ledger(), journal=lambda event_ids: {event_id: tried} if event_id in event_ids else {})
    way = [text for _, text in found["Events that went wrong"]["events"][2]["way"]]
    assert way[2:] == [
        "attempt 1, in a batch of 7, request abc: failed (Unhandled)",
        "attempt 2, in a batch of 7, request abc: failed (Unhandled); given up: RetryAttemptsExhausted",
        "failed: RetryAttemptsExhausted",
    ]


def test_events_predicted_twice_are_shown_apart() -> None:
    found = _sections(_ledger())["Events predicted twice"]
    assert [event["event_id"] for event in found["events"]] == [_put(TWICE).event_id]
    assert "first prediction, after 250 ms; 2 in all" in [text for _, text in found["events"][0]["way"]]


def test_the_page_has_the_ledgers_numbers() -> None:
    ledger = _ledger()
    sections, summary = _sections(ledger), ledger.summary()
    assert dict(sections["Figures"]["rows"]) == {name.replace("_", " "): value for name, value in summary.items()}
    assert sum(count for _, count in sections["Latency"]["rows"]) == len(ledger.latencies())
    shards = sections["Shards of the source stream"]
    for verdict in Verdict:
        column = shards["columns"].index(verdict.value)
        assert sum(row[column] for row in shards["rows"]) == summary[verdict.value]
    assert [row[1] for row in shards["rows"]] == [3, 2]


def test_the_page_shows_every_figure() -> None:
    ledger = _ledger()
    html = pages.html(page.of("verify", "Title", ledger))
    for key, value in ledger.summary().items():
        name, shown = key.replace("_", " "), "-" if value is None else f"{value:,}"
        assert f'<th scope="row">{name}</th>' in html
        assert f">{shown}</td>" in html
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_faults_are_on_the_time_line() -> None:
    chart = _sections(_ledger(), faults=[Mark(101.5, 102.5, "kill function")])["Throughput"]
    assert [(mark["at"], mark["until"], mark["name"]) for mark in chart["marks"]] == [(1.5, 2.5, "kill function")]
    assert [series["name"] for series in chart["series"]] == ["put", "predicted"]


def _broken() -> Ledger:
    ledger = _ledger()
    ledger.breaks(HarnessError("LocalStack has died", "start it"), 3)
    return ledger


def _right() -> Ledger:
    ledger = Ledger(definition.current())
    ledger.enter(_put(1), {"prediction": {"sales_prediction": 7.0}})
    ledger.all_entered()
    ledger.take_predictions([_answer(_put(1), 7.0)])
    ledger.close()
    return ledger


@pytest.mark.parametrize("ledger", [_ledger(), _ledger(answered=()), _broken(), _right()])
def test_the_checks_pass_if_the_ledger_does(ledger: Ledger) -> None:
    document = page.of("verify", "Title", ledger)
    assert document.passed is ledger.passed
    assert not any(isinstance(value, float) and math.isnan(value) for value in ledger.summary().values())
    json.dumps(document.as_dict(), allow_nan=False)


def test_each_class_of_verdict_is_a_check() -> None:
    failed = {case.name: case.failure for case in page.of("verify", "Title", _broken()).cases if case.failure}
    assert failed == {
        "the run reached its end": "LocalStack has died",
        "every event was put": "3 were not put",
        "no event was lost": "1 of 5 events lost: shardId-000000000000:1000",
        "no prediction was wrong": "1 of 5 events wrong: shardId-000000000001:1001",
        "no valid event failed": "1 of 5 events failed unexpectedly: shardId-000000000000:1004",
    }
