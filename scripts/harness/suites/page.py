"""The report of test suites, from their JUnit reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.reports import Case, Document, Grid, Text
from harness.suites import junit
from harness.suites.junit import Report

_SLOWEST, _MOST_FAILURES = 20, 50
_COLUMNS = ("job", "passed", "failed", "skipped", "seconds")


def of(name: str, files: Sequence[Path], cause: str = "") -> Document:
    """Return the report of a suite.

    Args:
        name: of the suite.
        files: JUnit reports of its jobs; a job without one had not ended, or counts no tests.
        cause: why the suite failed; empty if it passed.
    """
    jobs = {file.stem: junit.read([file]) for file in files if file.exists()}
    total = Report()
    for found in jobs.values():
        total.add(found)
    cases = [Case(job, _failed(found), _seconds(found)) for job, found in jobs.items()]
    cases.append(Case("every job ran to its end", cause))
    verdict = total.totals() + (f"; {cause}" if cause else "")
    return Document(name, f"Test suite {name}", verdict, cases, _sections(jobs, total))


def _failed(found: Report) -> str:
    return f"{found.failed} failed: {', '.join(name for name, _ in found.failures)}" if found.failed else ""


def _seconds(found: Report) -> float:
    return round(sum(seconds for _, seconds in found.times), 1)


def _sections(jobs: dict[str, Report], total: Report) -> list[Grid | Text]:
    rows = [
        (job, found.passed, found.failed, found.skipped.total(), _seconds(found)) for job, found in sorted(jobs.items())
    ]
    slowest = sorted(total.times, key=lambda test: -test[1])[:_SLOWEST]
    return [
        *(Text(name, text) for name, text in total.failures[:_MOST_FAILURES]),
        Grid("Jobs", _COLUMNS, rows),
        Grid("The slowest tests", ("test", "seconds"), [(name, round(time, 1)) for name, time in slowest], bars=1),
        Grid("Skipped", ("reason", "tests"), total.skipped.most_common()),
    ]
