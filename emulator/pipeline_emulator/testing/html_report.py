"""`--emulator-report`: a page about the whole session, with what the emulator knows of each test."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_ORDER = ("failed", "error", "skipped", "passed")


@dataclass
class Test:
    """What became of a test.

    Attributes:
        name: its node id.
        outcome: one of `_ORDER`.
        seconds: of setup, call and teardown.
        sections: titles and texts.
    """

    name: str
    outcome: str = "passed"
    seconds: float = 0.0
    sections: list[tuple[str, str]] = field(default_factory=list)


class HtmlReport:
    """Collects the reports of all tests, those of pytest-xdist's workers too, and writes the page at the end."""

    def __init__(self, path: Path) -> None:
        """Write to a file, whose folder must exist."""
        self._path = path
        self._tests: dict[str, Test] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase of a test. If it was tried again, only the last try counts."""
        if report.when == "setup":
            self._tests.pop(report.nodeid, None)
        test = self._tests.setdefault(report.nodeid, Test(report.nodeid))
        test.seconds += report.duration
        if report.outcome != "passed":
            test.outcome = "error" if report.failed and report.when != "call" else report.outcome
            test.sections.append((test.outcome, report.longreprtext or _reason(report)))
        if report.when == "call" or (report.when == "setup" and report.failed):
            test.sections += report.sections

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Write the page and print where it is."""
        tests = sorted(self._tests.values(), key=lambda test: _ORDER.index(test.outcome))
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        draft.write_text(html(tests), encoding="utf-8", errors="replace")
        draft.replace(self._path)
        terminalreporter.write_line(f"emulator report: {self._path}")


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""


def html(tests: list[Test]) -> str:
    """Return the page: one file without scripts, which needs no network. All texts are escaped."""
    import jinja2

    loader = jinja2.FileSystemLoader(Path(__file__).parent)
    page = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    written = datetime.now(UTC).isoformat(timespec="seconds")
    counts = {outcome: sum(test.outcome == outcome for test in tests) for outcome in _ORDER}
    failed = not tests or bool(counts["failed"] + counts["error"])
    return page.get_template("report.html.j2").render(tests=tests, counts=counts, failed=failed, written=written)


def checked(path: str) -> Path:
    """Return the file of the option, in a folder that exists from now on.

    Raises:
        pytest.UsageError: it cannot be written.
    """
    found = Path(path).expanduser().absolute()
    if found.is_dir():
        raise pytest.UsageError(f"--emulator-report={path} is a folder; name a file, such as report.html")
    try:
        found.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise pytest.UsageError(f"--emulator-report={path} cannot be written: {error}") from None
    return found
