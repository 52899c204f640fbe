"""Valid events are predicted exactly once, with the model's own answer."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from harness import events, ledger, streams
from harness.console import Step
from harness.ledger import Verdict, expected
from harness.local import canary
from harness.stack.clients import Clients
from harness.stack.state import Stack

pytestmark = pytest.mark.aws_valid


def test_sample_event_of_the_design(stack: Stack, clients: Clients) -> None:
    # GIVEN a reader at the end of the output stream
    reader = streams.Reader(clients.kinesis, stack.outputs["predictions_stream_name"], "LATEST")
    # WHEN the sample event is put
    data = events.encode(events.sample())
    put = next(streams.put(clients.kinesis, stack.outputs["source_stream_name"], [(data, "512")]))
    # THEN its prediction has the documented format and names the source record
    for found in reader.until(time.monotonic() + 30):
        if found:
            break
    [record] = found
    answer = json.loads(record.data)
    assert answer["model"] == "store_sales"
    assert answer["version"] == stack.run_id
    assert answer["event_id"] == put.event_id
    assert answer["prediction"]["sales_id"] == 512
    assert answer["prediction"]["sales_prediction"] > 0
    assert record.key == "512"


def test_2000_events_over_all_stores_get_the_models_own_answer(stack: Stack) -> None:
    records = events.made_up(stack, 2000, seed=7)
    stores = {json.loads(data)["sales_input"]["store"] for data, _ in records}
    assert stores == set(stack.model["stores"])
    dates = {json.loads(data)["sales_input"]["date"] for data, _ in records}
    assert min(dates) < stack.model["date_range"][1] < max(dates), "some have dates of a wrong clock"
    result = ledger.run(stack, records, expected.of(stack), Step("2,000 events"))
    assert result.passed, result.summary()
    assert result.counts == {Verdict.PREDICTED: 2000}
    assert not result.strangers


def test_the_ledger_would_see_a_wrong_prediction(stack: Stack) -> None:
    """The comparison above can fail: the same events, compared with a model that answers 1 more."""
    records = events.made_up(stack, 20, seed=8)
    honest = expected.of(stack)

    def one_more(put: Sequence[bytes]) -> list[dict[str, Any]]:
        sales = [answer["prediction"]["sales_prediction"] for answer in honest(put)]
        return [{"prediction": {"sales_prediction": value + 1}} for value in sales]

    result = ledger.run(stack, records, one_more, Step("20 events"))
    assert not result.passed
    assert result.counts == {Verdict.WRONG: 20}


def test_an_unknown_store_is_predicted_and_marked(stack: Stack) -> None:
    unknown = max(stack.model["stores"]) + 1
    event = {
        "sales_input": events.sample()["sales_input"] | {"store": unknown},
        "sales_id": "unknown-store",
    }
    answer = canary.answer_to(stack, event, Step("unknown store"))
    assert answer["store_known"] is False
    assert answer["prediction"]["sales_prediction"] > 0
    known = {"sales_input": event["sales_input"] | {"store": stack.model["stores"][0]}, "sales_id": "known-store"}
    assert canary.answer_to(stack, known, Step("known store"))["store_known"] is True


def test_extra_fields_are_ignored(stack: Stack) -> None:
    event = {**events.sample(), "sales_id": "extra", "comment": {"a": [1]}}
    answer = canary.answer_to(stack, event, Step("extra fields"))
    assert answer["prediction"]["sales_id"] == "extra"
