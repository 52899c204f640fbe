"""The report of a run: figures, latencies, throughput over time, shards, and the events that went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.ledger import checks, way
from harness.ledger.entries import Entry, Verdict
from harness.ledger.verdicts import PERCENTILES, Ledger, percentile
from harness.reports import Case, Document, Events, Grid, Lines, Mark, Series, charts
from harness.reports.document import Section

_MOST_EVENTS = 100
_SHARD_COLUMNS = ("shard", "events", *(verdict.value for verdict in Verdict), "out of order", *PERCENTILES)

type Attempts = Mapping[str, Sequence[Mapping[str, Any]]]
type Journal = Callable[[Sequence[str]], Attempts]


def no_journal(_event_ids: Sequence[str]) -> Attempts:
    """Know no attempts."""
    return {}


def of(
    name: str,
    title: str,
    ledger: Ledger,
    faults: Sequence[Mark] = (),
    more: Sequence[Case] = (),
    journal: Journal = no_journal,
) -> Document:
    """Return the report of a run.

    Args:
        name: of the report.
        title: what ran.
        ledger: its result.
        faults: those of the run, in seconds since the epoch.
        more: checks besides the ledger's.
        journal: returns the attempts of the records with some event ids, where the emulator knows them.
    """
    cases = [*checks.of(ledger), *more]
    return Document(name, title, _verdict(ledger, cases), cases, list(_sections(ledger, faults, journal)))


def _verdict(ledger: Ledger, cases: Sequence[Case]) -> str:
    if failures := [case.failure.partition(": ")[0] for case in cases if case.failure]:
        return "; ".join(failures)
    counts = ledger.counts
    told = [f"{counts[verdict]:,} {verdict.value}" for verdict in Verdict if counts[verdict]]
    return f"{len(ledger.entries):,} events: {', '.join(told) or 'none'}"


def _sections(ledger: Ledger, faults: Sequence[Mark], journal: Journal) -> Iterator[Section]:
    entries = list(ledger.entries.values())
    notes = [f"The ledger stopped waiting: {ledger.gave_up}."] if ledger.gave_up else []
    figures = [(name.replace("_", " "), value) for name, value in ledger.summary().items()]
    yield Grid("Figures", ("figure", "value"), figures, notes=notes)
    if latencies := ledger.latencies():
        yield charts.histogram("Latency, from the put to the first prediction in the output stream", latencies)
    if entries:
        yield _throughput(entries, faults)
        yield Grid("Shards of the source stream", _SHARD_COLUMNS, _shards(entries), notes=["p50 to max are in ms."])
    yield from _events("Events that went wrong", [entry for entry in entries if checks.went_wrong(entry)], journal)
    twice = [entry for entry in entries if entry.verdict is Verdict.DUPLICATED and not checks.went_wrong(entry)]
    yield from _events("Events predicted twice, as at-least-once delivery allows", twice, journal)
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


def _events(title: str, entries: Sequence[Entry], journal: Journal) -> Iterator[Events]:
    if entries:
        shown = entries[:_MOST_EVENTS]
        known = journal([entry.put.event_id for entry in shown])
        yield Events(title, len(entries), [way.of(entry, known.get(entry.put.event_id, ())) for entry in shown])
