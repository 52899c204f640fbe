"""Events that can never succeed go to the failed-events bucket, whole and with the reason; their neighbours succeed."""

from __future__ import annotations

import json
import os

import pytest

from harness import events, failed, ledger, streams
from harness.console import Step
from harness.ledger import Verdict, expected
from harness.machine.waiting import poll
from harness.stack.clients import Clients
from harness.stack.state import Stack

pytestmark = pytest.mark.aws_valid

VALID = {"date": "2022-12-25", "store": 2, "promo": 1, "holiday": 0}
RECORD_LIMIT = 1024 * 1024


def _event(sales_id: object = "x", **changes: object) -> bytes:
    return json.dumps({"sales_input": VALID | changes, "sales_id": sales_id}).encode()


def _without(field: str) -> bytes:
    return json.dumps({"sales_input": {k: v for k, v in VALID.items() if k != field}, "sales_id": "x"}).encode()


# data, and a word that the reason must contain
MALFORMED = {
    "not JSON": (b"sales? yes", "JSON"),
    "cut off": (_event()[:-7], "JSON"),
    "not UTF-8": (b"\xff\xfe\x00\x01", "UTF-8"),
    "empty": (b"", "empty"),
    "an array": (b"[]", "object"),
    "a number": (b"7", "object"),
    "NaN": (b'{"sales_input": {"date": "2022-12-25", "store": NaN, "promo": 1, "holiday": 0}, "sales_id": 1}', "JSON"),
    "nested 100,000 deep": (b"[" * 100_000, "JSON"),
    "1 MiB of junk": (os.urandom(RECORD_LIMIT - 16), "UTF-8"),
    "no sales_input": (b'{"sales_id": 1}', "sales_input"),
    "no sales_id": (json.dumps({"sales_input": VALID}).encode(), "sales_id"),
    "no date": (_without("date"), "date"),
    "no store": (_without("store"), "store"),
    "no promo": (_without("promo"), "promo"),
    "no holiday": (_without("holiday"), "holiday"),
    "store as text": (_event(store="2"), "store"),
    "store zero": (_event(store=0), "store"),
    "store a float": (_event(store=2.0), "store"),
    "promo true": (_event(promo=True), "promo"),
    "promo two": (_event(promo=2), "promo"),
    "holiday null": (_event(holiday=None), "holiday"),
    "no such day": (_event(date="2022-02-30"), "date"),
    "a German date": (_event(date="25.12.2022"), "date"),
    "date a number": (_event(date=20221225), "date"),
    "sales_id a list": (_event(sales_id=[1]), "sales_id"),
    "sales_id true": (_event(sales_id=True), "sales_id"),
}  # fmt: skip


def test_malformed_events_fail_with_reason_and_payload_and_their_neighbours_are_predicted(
    stack: Stack, clients: Clients
) -> None:
    # GIVEN every malformed event between valid ones, with one partition key and so in the same batches
    malformed = [(data, "malformed") for data, _ in MALFORMED.values()]
    valid = [(data, "malformed") for data, _ in events.made_up(stack, len(malformed), seed=3)]
    records = [record for pair in zip(malformed, valid, strict=True) for record in pair]
    answers = expected.of(stack)([data for data, _ in valid])
    wanted = [answer for value in answers for answer in (None, value)]
    # WHEN all are put
    result = ledger.run(stack, records, lambda _: wanted, Step("malformed events"))
    # THEN the valid ones are predicted and the others are in the bucket, with unchanged payload (checked by the ledger)
    assert result.passed, result.summary()
    assert result.counts == {Verdict.PREDICTED: len(valid), Verdict.FAILED: len(malformed)}
    # AND the right reason
    entries = list(result.entries.values())[::2]
    for (name, (_, word)), entry in zip(MALFORMED.items(), entries, strict=True):
        [reason] = entry.reasons
        assert word in reason, f"{name}: {reason}"


def test_a_failed_event_is_described_completely(stack: Stack, clients: Clients) -> None:
    data = b"\x80 is not UTF-8"
    put = next(streams.put(clients.kinesis, stack.outputs["source_stream_name"], [(data, "some key")]))
    bucket = stack.outputs["failed_events_bucket"]
    [event] = poll(
        lambda: [f for f in failed.read(clients.s3, bucket) if f.event_id == put.event_id], "the failed event"
    )
    assert event.key.startswith("invalid/")
    assert event.data == data
    assert event.partition_key == "some key"
    assert "UTF-8" in event.reason
