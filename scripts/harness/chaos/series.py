"""Runs many short schedules and adds up their outcomes."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from harness import console
from harness.chaos.experiment import Outcome
from harness.errors import HarnessError
from harness.ledger import Verdict
from harness.machine.files import write_whole
from harness.paths import CACHE, shown
from harness.reports import Case, Document, Grid

HEADER = "seed: events, lost, wrong, out of order, predicted twice, faults that took effect"


def seeds(text: str) -> range:
    """Return the seeds that SEEDS names: `100` for 1 to 100, or `7-12`.

    Raises:
        HarnessError: it names none.
    """
    match = re.fullmatch(r"(?:(\d+)-)?(\d+)", text, re.ASCII)
    first, last = (int(match[1] or 1), int(match[2])) if match else (1, 0)
    if first > last:
        raise HarnessError(f"SEEDS={text} names no seeds", "for example: SEEDS=100 for seeds 1 to 100, or SEEDS=7-12")
    return range(first, last + 1)


def path_for(name: str) -> Path:
    """Return the file for the results of a stack's last series."""
    return CACHE / "ledger" / f"{name}-series.json"


def by_kind(happened: Counter[str]) -> str:
    """Return the faults that took effect, with their counts."""
    return ", ".join(f"{name} {number}" for name, number in sorted(happened.items()) if number) or "none"


def row(outcome: Outcome) -> dict[str, Any]:
    """Return the figures of an outcome; seconds include the wait for the last event."""
    summary = outcome.ledger.summary()
    return {
        "seed": outcome.seed,
        "events": summary["events"],
        "lost": summary[Verdict.LOST],
        "wrong": summary[Verdict.WRONG],
        "out of order": summary["out of order"],
        "twice": summary[Verdict.DUPLICATED],
        "failed with reason": summary[Verdict.FAILED],
        "faults": outcome.happened.total(),
        "seconds": round(outcome.seconds, 1),
    }


class Series:
    """The outcomes of several seeds, in the order in which they ran.

    Args:
        count: events per seed.

    Attributes:
        rows: the `row` of each seed, and whether it passed.
        happened: how often each fault took effect in total.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self.rows: list[dict[str, Any]] = []
        self.happened: Counter[str] = Counter()

    def add(self, outcome: Outcome) -> str:
        """Add an outcome, and return its line."""
        found = row(outcome) | {"passed": outcome.ledger.passed, "faults by kind": dict(outcome.happened)}
        self.rows.append(found)
        self.happened += outcome.happened
        return "{events}, {lost}, {wrong}, {out of order}, {twice}, {faults}".format_map(found)

    def totals(self) -> dict[str, Any]:
        """Return the sums over all seeds."""
        names = ("events", "lost", "wrong", "out of order", "twice", "failed with reason", "faults", "seconds")
        return {name: round(sum(row[name] for row in self.rows), 1) for name in names}

    def write(self, path: Path) -> None:
        """Write totals, faults by kind and every row, atomically."""
        document = {
            "passed": bool(self.rows) and all(row["passed"] for row in self.rows),
            "events_each": self._count,
            "totals": self.totals(),
            "faults": dict(sorted(self.happened.items())),
            "seeds": self.rows,
        }
        write_whole(path, json.dumps(document, indent=1))

    def report(self) -> Document:
        """Return the report of the series; each seed is a check."""
        cases = [_case(row) for row in self.rows]
        cases.append(Case("faults took effect", "" if self.happened.total() else "no fault did, so nothing is proved"))
        failed = [str(row["seed"]) for row in self.rows if not row["passed"]]
        told = f"seed {', '.join(failed)} did not pass" if failed else f"{len(self.rows)} schedules of faults"
        columns = tuple(name for name in (self.rows or [{}])[0] if name not in ("passed", "faults by kind"))
        seeds = Grid("Seeds", columns, [[row[name] for name in columns] for row in self.rows])
        kinds = Grid("Faults that took effect", ("fault", "times"), sorted(self.happened.items()), bars=1)
        totals = Grid("Totals", ("figure", "value"), list(self.totals().items()))
        return Document(
            "chaos", f"{self._count:,} events under each seed's faults", told, cases, [totals, kinds, seeds]
        )

    def show(self, path: Path) -> None:
        """Print totals and faults as a table, and the path of the file."""
        table = Table(f"{len(self.rows)} seeds", box=None, pad_edge=False)
        table.add_column("", justify="right")
        for name, value in self.totals().items():
            table.add_row(
                name, f"{value:,}", style="red" if value and name in ("lost", "wrong", "out of order") else ""
            )
        for name, number in sorted(self.happened.items()):
            table.add_row(f"  {name}", f"{number:,}")
        console.out.print(table)
        console.say(f"figures by seed: {shown(path)}")


def _case(row: dict[str, Any]) -> Case:
    failure = "" if row["passed"] else "lost {lost}, wrong {wrong}, out of order {out of order}".format_map(row)
    return Case(f"seed {row['seed']}", failure, row["seconds"])
