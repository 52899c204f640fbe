"""Reports the ledger's verdict as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from harness import console
from harness.ledger import progress
from harness.ledger.entries import Entry, Verdict
from harness.ledger.verdicts import Ledger
from harness.paths import CACHE, shown

MAX_EXAMPLES = 5
BAD = frozenset({"lost", "wrong prediction", "out of order", "unreadable records", "failed unexpectedly", "not put"})
ALWAYS = frozenset({*Verdict, "events", "out of order"})  # shown even if zero


def path_for(name: str) -> Path:
    """Return the file for the verdicts of a stack's last run."""
    return CACHE / "ledger" / f"{name}.json"


def write(ledger: Ledger, path: Path) -> None:
    """Write summary and verdicts atomically, one event per line.

    Args:
        ledger: a run's result.
        path: the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    with draft.open("w", encoding="utf-8") as file:
        head = {"passed": ledger.passed, "gave_up": ledger.gave_up, "summary": ledger.summary()}
        head["of_other_events"] = ledger.strangers
        file.write(json.dumps(head)[:-1] + ', "events": [')
        for number, entry in enumerate(ledger.entries.values()):
            file.write((",\n" if number else "\n") + json.dumps(_row(entry), separators=(",", ":")))
        file.write("\n]}\n")
    draft.replace(path)


def _row(entry: Entry) -> dict[str, Any]:
    row = {
        "event_id": entry.put.event_id,  # shard and sequence number
        "key": entry.put.key,
        "put_at": round(entry.put.at, 3),
        "verdict": entry.verdict.value,
        "predictions": entry.predictions,
        "latency_ms": None if math.isnan(entry.latency) else round(entry.latency * 1000, 1),
        "out_of_order": entry.late,
    }
    if entry.reasons:
        row["reasons"] = list(entry.reasons)
    if entry.gone:
        row["discarded"] = entry.gone
    if entry.mistake:
        row["mistake"] = entry.mistake
    if entry.copies:
        row["predictions_of_copies"] = entry.copies
    return row


def show(ledger: Ledger, path: Path) -> None:
    """Print the summary, some of the events that failed the run, and the path of the file.

    Args:
        ledger: a run's result.
        path: the file with all verdicts.
    """
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in ledger.summary().items():
        if value in (0, None) and name not in ALWAYS:
            continue
        style = "red" if name in BAD and value else ""
        table.add_row(name.replace("_", " "), f"{value:,}" if isinstance(value, int | float) else "-", style=style)
    console.out.print(table)
    if ledger.gave_up:
        console.warn(f"gave up waiting for some events: {ledger.gave_up}")
    _show_examples(_examples(ledger))
    if ledger.strange:
        console.warn(f"of a record in the output stream, no event is known; {ledger.strange}")
    console.say(f"verdicts by event: {shown(path)}")


def show_interrupted(ledger: Ledger, total: int) -> None:
    """Print what is known of a run that Ctrl-C ended; events without an answer may still get one.

    Args:
        ledger: the run's, so far.
        total: number of its events.
    """
    ledger.close()
    console.out.print(f"  until then: {progress.line(ledger, total)}", markup=False)
    _show_examples(_examples(ledger, lost=False))


def _show_examples(entries: Iterable[Entry]) -> None:
    for entry in entries:
        console.out.print(f"  [red]{entry.put.event_id}[/red] key {escape(entry.put.key)}: {escape(_story(entry))}")


def _examples(ledger: Ledger, *, lost: bool = True) -> list[Entry]:
    """Return some of the events that failed the run; those that were lost only if asked for."""
    found: list[Entry] = []
    for entry in ledger.entries.values():
        if len(found) == MAX_EXAMPLES:
            break
        verdict = entry.verdict
        if verdict is Verdict.LOST and not lost:
            continue
        unexpected = (verdict is Verdict.FAILED) != (entry.expected is None)
        if verdict in (Verdict.LOST, Verdict.WRONG) or entry.late or unexpected:
            found.append(entry)
    return found


def _story(entry: Entry) -> str:
    parts = [entry.verdict.value, entry.mistake, *entry.reasons]
    if entry.gone:
        parts.append(f"the mapping discarded it ({entry.gone}) and has no failure destination")
    if entry.late:
        parts.append("predicted after a later event of its key")
    if entry.expected is None and not entry.reasons:
        parts.append("should have failed")
    return "; ".join(part for part in parts if part)
