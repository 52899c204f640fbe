"""The checks of a run, one for each class of verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.ledger.entries import Entry, Verdict
from harness.ledger.verdicts import Ledger
from harness.reports import Case

_NAMED = 5  # events that a failed check names


def of(ledger: Ledger) -> list[Case]:
    """Return the checks; all of them pass if, and only if, the ledger passes."""
    entries = list(ledger.entries.values())
    late = ledger.out_of_order  # marks the entries
    checks: Sequence[tuple[str, str, Callable[[Entry], bool]]] = (
        ("no event was lost", "lost", lambda entry: entry.verdict is Verdict.LOST),
        ("no prediction was wrong", "wrong", lambda entry: entry.verdict is Verdict.WRONG),
        ("predictions came in the order of their key", "out of order", lambda entry: entry.late and late > 0),
        ("no valid event failed", "failed unexpectedly", _failed_unexpectedly),
        ("every invalid event failed with a reason", "without a failure", _should_have_failed),
    )
    return [
        Case("the run reached its end", ledger.broken.cause if ledger.broken else ""),
        Case("every event was put", f"{ledger.not_put} were not put" if ledger.not_put else ""),
        *(Case(name, _failure(what, entries, bad)) for name, what, bad in checks),
        Case(
            "every record of the output stream can be read",
            f"{ledger.unreadable} cannot be read" if ledger.unreadable else "",
        ),
    ]


def went_wrong(entry: Entry) -> bool:
    """Return whether an event fails the run; `late` must have been set."""
    bad = entry.verdict in (Verdict.LOST, Verdict.WRONG)
    return bad or entry.late or _failed_unexpectedly(entry) or _should_have_failed(entry)


def _failed_unexpectedly(entry: Entry) -> bool:
    return entry.verdict is Verdict.FAILED and entry.expected is not None


def _should_have_failed(entry: Entry) -> bool:
    return entry.verdict is not Verdict.FAILED and entry.expected is None


def _failure(what: str, entries: Sequence[Entry], bad: Callable[[Entry], bool]) -> str:
    found = [entry.put.event_id for entry in entries if bad(entry)]
    if not found:
        return ""
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return f"{len(found)} of {len(entries)} events {what}: {', '.join(found[:_NAMED])}{more}"
