"""An event's way in a report: its put, the attempts with it, and what came of it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.ledger.entries import Entry
from harness.reports import Event

_LONGEST_PAYLOAD = 2000
_MOST_ATTEMPTS = 20

type Item = tuple[str, str]  # time and text


def of(entry: Entry, attempts: Sequence[Mapping[str, Any]] = ()) -> Event:
    """Return what is known of an event.

    Args:
        entry: of the ledger.
        attempts: of the mapping, oldest first, as the emulator's journal has them.
    """
    payload = entry.put.data[:_LONGEST_PAYLOAD].decode(errors="replace")
    if len(entry.put.data) > _LONGEST_PAYLOAD:
        payload += f" … ({len(entry.put.data)} bytes)"
    verdict = entry.verdict.value + (", out of order" if entry.late else "")
    way = [*_put(entry), *_attempts(attempts), *_answers(entry), *_failures(entry, attempts)]
    return Event(entry.put.event_id, verdict, way, payload)


def _put(entry: Entry) -> Iterator[Item]:
    shard, _, sequence = entry.put.event_id.partition(":")
    again = "; an earlier call with it failed, so the stream may have it twice" if entry.put.repeated else ""
    yield _time(entry.put.at), f"put with the partition key {entry.put.key}{again}"
    yield "", f"stored in {shard} as sequence number {sequence}"


def _attempts(attempts: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    for number, each in enumerate(attempts[:_MOST_ATTEMPTS], 1):
        reason = f" ({each['reason']})" if each["reason"] else ""
        given_up = f"; given up: {each['discarded']}" if each["discarded"] else ""
        where = f"attempt {number}, in a batch of {each['records']}"
        request = f", request {each['request_id']}" if each["request_id"] else ""
        yield _time(each["started"]), f"{where}{request}: {each['state_of_record']}{reason}{given_up}"
    if len(attempts) > _MOST_ATTEMPTS:
        yield "", f"{len(attempts) - _MOST_ATTEMPTS} more attempts"


def _answers(entry: Entry) -> Iterator[Item]:
    if entry.predictions and not math.isnan(entry.latency):
        came = _time(entry.put.at + entry.latency)
        yield came, f"first prediction, after {entry.latency * 1000:,.0f} ms; {entry.predictions} in all"
    if entry.copies:
        yield "", f"{entry.copies} predictions of a second record of it"
    if entry.late:
        yield "", "predicted after a later event of its key"
    if entry.mistake:
        yield "", f"wrong: {entry.mistake}"


def _failures(entry: Entry, attempts: Sequence[Mapping[str, Any]]) -> Iterator[Item]:
    for reason in entry.reasons:
        yield "", f"failed: {reason}"
    if entry.attempts and not attempts:
        yield "", f"the event source mapping gave it up after {entry.attempts} invocations"
    if entry.gone:
        yield "", f"the mapping discarded it ({entry.gone}) and has no failure destination"
    if not entry.answered:
        yield "", "neither a prediction nor a failure with its payload was read"
    if entry.expected is None and not entry.reasons:
        yield "", "it should have failed"


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")
