"""The report of a run: figures, latencies, throughput over time, shards, and the events that went wrong."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from harness.ledger import checks
from harness.ledger.entries import Entry, Verdict
from harness.ledger.verdicts import PERCENTILES, Ledger, percentile
from harness.reports import Case, Document, Event, Events, Grid, Lines, Mark, Series, charts
from harness.reports.document import Section

_MOST_EVENTS, _LONGEST_PAYLOAD = 100, 2000
_SHARD_COLUMNS = ("shard", "events", *(verdict.value for verdict in Verdict), "out of order", *PERCENTILES)


def of(name: str, title: str, ledger: Ledger, faults: Sequence[Mark] = (), more: Sequence[Case] = ()) -> Document:
    """Return the report of a run.

    Args:
        name: of the report.
        title: what ran.
        ledger: its result.
        faults: what happened meanwhile, in seconds since the epoch.
        more: checks besides the ledger's.
    """
    cases = [*checks.of(ledger), *more]
    return Document(name, title, _verdict(ledger, cases), cases, list(_sections(ledger, faults)))


def _verdict(ledger: Ledger, cases: Sequence[Case]) -> str:
    if failures := [case.failure.partition(": ")[0] for case in cases if case.failure]:
        return "; ".join(failures)
    counts = ledger.counts
    told = [f"{counts[verdict]:,} {verdict.value}" for verdict in Verdict if counts[verdict]]
    return f"{len(ledger.entries):,} events: {', '.join(told) or 'none'}"


def _sections(ledger: Ledger, faults: Sequence[Mark]) -> Iterator[Section]:
    entries = list(ledger.entries.values())
    notes = [f"The ledger stopped waiting: {ledger.gave_up}."] if ledger.gave_up else []
    yield Grid("Figures", ("figure", "value"), list(ledger.summary().items()), notes=notes)
    if latencies := ledger.latencies():
        yield charts.histogram("Latency, from the put to the first prediction in the output stream", latencies)
    if entries:
        yield _throughput(entries, faults)
        yield Grid("Shards of the source stream", _SHARD_COLUMNS, _shards(entries), notes=["p50 to max are in ms."])
    yield from _events("Events that went wrong", [entry for entry in entries if checks.went_wrong(entry)])
    twice = [entry for entry in entries if entry.verdict is Verdict.DUPLICATED and not checks.went_wrong(entry)]
    yield from _events("Events predicted twice, as at-least-once delivery allows", twice)
    if ledger.strangers:
        rows = [(each,) for each in ledger.strangers[:_MOST_EVENTS]]
        yield Grid("Predictions of other events", ("event",), rows)


def _throughput(entries: Sequence[Entry], faults: Sequence[Mark]) -> Lines:
    start = min(entry.put.at for entry in entries)
    put = [entry.put.at - start for entry in entries]
    answered = [max(0.0, entry.put.at + entry.latency - start) for entry in entries if entry.predictions]
    seconds = max(put + answered)
    series = [Series("put", charts.rate(put, seconds)), Series("predicted", charts.rate(answered, seconds))]
    marks = [
        replace(mark, at=round(max(0.0, mark.at - start), 2), until=round(max(0.0, mark.until - start), 2))
        for mark in faults
    ]
    return Lines("Throughput", "events a second", series, marks)


def _shards(entries: Sequence[Entry]) -> list[list[Any]]:
    shards: dict[str, list[Entry]] = {}
    for entry in entries:
        shards.setdefault(entry.put.event_id.partition(":")[0], []).append(entry)
    return [_shard(name, shards[name]) for name in sorted(shards)]


def _shard(name: str, entries: Sequence[Entry]) -> list[Any]:
    known = sorted(entry.latency for entry in entries if entry.predictions)
    verdicts = [sum(1 for entry in entries if entry.verdict is verdict) for verdict in Verdict]
    late = sum(1 for entry in entries if entry.late)
    return [name, len(entries), *verdicts, late, *(percentile(known, share) for share in PERCENTILES.values())]


def _events(title: str, entries: Sequence[Entry]) -> Iterator[Events]:
    if entries:
        yield Events(title, len(entries), [_event(entry) for entry in entries[:_MOST_EVENTS]])


def _event(entry: Entry) -> Event:
    payload = entry.put.data[:_LONGEST_PAYLOAD].decode(errors="replace")
    if len(entry.put.data) > _LONGEST_PAYLOAD:
        payload += f" … ({len(entry.put.data)} bytes)"
    verdict = entry.verdict.value + (", out of order" if entry.late else "")
    return Event(entry.put.event_id, verdict, list(_way(entry)), payload)


def _way(entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield time and text of what the ledger knows about an event."""
    shard, _, sequence = entry.put.event_id.partition(":")
    again = "; an earlier call with it failed, so the stream may have it twice" if entry.put.repeated else ""
    yield _time(entry.put.at), f"put with the partition key {entry.put.key}{again}"
    yield "", f"stored in {shard} as sequence number {sequence}"
    if entry.predictions and not math.isnan(entry.latency):
        came = _time(entry.put.at + entry.latency)
        yield came, f"first prediction, after {entry.latency * 1000:,.0f} ms; {entry.predictions} in all"
    if entry.copies:
        yield "", f"{entry.copies} predictions of a second record of it"
    if entry.late:
        yield "", "predicted after a later event of its key"
    if entry.mistake:
        yield "", f"wrong: {entry.mistake}"
    for reason in entry.reasons:
        yield "", f"failed: {reason}"
    if entry.attempts:
        yield "", f"the event source mapping gave it up after {entry.attempts} invocations"
    if not entry.answered:
        yield "", "neither a prediction nor a failure with its payload was read"
    if entry.expected is None and not entry.reasons:
        yield "", "it should have failed"


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")
