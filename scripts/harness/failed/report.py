"""Shows the contents of the failed-events bucket."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from harness import console
from harness.failed.documents import Failed
from harness.failed.journal import Journal
from harness.failed.reader import objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_ROWS = 20
MAX_TEXT = 60


def show(s3: S3Client, bucket: str) -> int:
    """List the failed events of both kinds: counts by reason, then the latest ones.

    Args:
        s3: client for the bucket.
        bucket: the failed-events bucket.

    Returns:
        The number of failed events.
    """
    journal = Journal(s3, bucket)
    counts: Counter[tuple[str, str]] = Counter()
    again: Counter[tuple[str, str]] = Counter()
    latest: list[Failed] = []
    problems = []
    for found in objects(s3, bucket):
        if found.problem:
            problems.append(found)
        for event in found.events:
            counts[event.kind, event.code] += 1
            again[event.kind, event.code] += bool(journal.history(event))
        latest = sorted([*latest, *found.events], key=lambda event: event.failed_at)[-MAX_ROWS:]
    console.out.print(f"{counts.total()} failed events in {bucket}", markup=False)
    if counts:
        console.out.print(_reasons(counts, again))
        console.out.print(f"\nthe latest {len(latest)}:")
        for event in latest:
            _show_event(event, len(journal.history(event)))
    for found in problems:
        console.warn(f"{found.key} cannot be read as a failed event: {found.problem}")
    return counts.total()


def _reasons(counts: Counter[tuple[str, str]], again: Counter[tuple[str, str]]) -> Table:
    table = Table("kind", "reason", box=None, pad_edge=False)
    table.add_column("events", justify="right")
    table.add_column("failed again after a redrive", justify="right")
    for (kind, code), number in counts.most_common():
        table.add_row(kind, escape(code), str(number), str(again[kind, code]))
    return table


def _show_event(event: Failed, redrives: int) -> None:
    times = f", put back {redrives} time{'s' if redrives > 1 else ''} before" if redrives else ""
    data = repr(event.data[:MAX_TEXT]) + ("…" if len(event.data) > MAX_TEXT else "")
    reason = event.reason if len(event.reason) <= 2 * MAX_TEXT else f"{event.reason[: 2 * MAX_TEXT]}…"
    console.out.print(f"  {event.failed_at}  {event.event_id}{times}\n    {reason}", markup=False)
    console.out.print(f"    {data}\n    {event.key}", markup=False)
