"""The target, scenes on it, and the results for `make conformance`'s table.

CONFORMANCE_RESULTS: file to write the results to, as JSON.
"""

from __future__ import annotations

import inspect
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conformance.suite import target as targets
from benchmarks.conformance.suite.calls import Calls
from benchmarks.conformance.suite.calls import opened as calls_opened
from benchmarks.conformance.suite.resources import Journal, create_journal, delete_journal
from benchmarks.conformance.suite.scene import Scene, opened
from benchmarks.conformance.suite.target import Target
from benchmarks.rivals import tools

FOLDER = Path(__file__).parent
DOCUMENT = re.compile(r"https://docs\.aws\.amazon\.com/\S+[^\s.)]")
_results: dict[str, dict[str, str]] = {}


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    """The target that the environment names; without one, our emulator for the duration of the run."""
    if chosen := targets.chosen():
        yield chosen
        return
    ours = tools.known()["ours"]
    with tools.opened(ours) as stack:
        yield Target(stack.endpoint_url, restart=tools.restart_command(ours))


@pytest.fixture(scope="session")
def journal(target: Target) -> Iterator[Journal]:
    """The function that most tests share."""
    journal = create_journal(target)
    yield journal
    delete_journal(target, journal)


@pytest.fixture
def scene(target: Target, journal: Journal) -> Iterator[Scene]:
    """A scene on the shared function, without a stream yet."""
    with opened(target, journal) as scene:
        yield scene


@pytest.fixture
def own_scene(target: Target) -> Iterator[Scene]:
    """A scene with its own function, for tests that change the function."""
    with opened(target) as scene:
        yield scene


@pytest.fixture
def calls(target: Target, journal: Journal) -> Iterator[Calls]:
    """Resources of one test that needs no mapping."""
    with calls_opened(target, journal) as made:
        yield made


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take behaviour and document from each test's docstring; refuse tests without them."""
    for item in items:
        if item.path.parent != FOLDER:
            continue
        text = inspect.getdoc(getattr(item, "function", None)) or ""
        document = DOCUMENT.search(text)
        if not document:
            raise pytest.UsageError(f"{item.nodeid}: its docstring must state a behaviour and cite AWS's document")
        valid = "aws_valid" if item.get_closest_marker("aws_valid") else "local_only"
        _results[item.nodeid] = {
            "node": item.nodeid,
            "behaviour": text.splitlines()[0].rstrip("."),
            "document": document[0],
            "marker": valid,
        }


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Record a test's outcome: the first failure of setup, call and teardown, and the reason in one line."""
    result = _results.get(report.nodeid)
    if result is None or result.get("outcome") in ("failed", "skipped"):
        return
    result["outcome"] = report.outcome
    if report.failed:
        result["reason"] = _first_line(getattr(getattr(report.longrepr, "reprcrash", None), "message", report.longrepr))
    elif report.skipped:
        result["reason"] = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)


def _first_line(text: Any) -> str:
    lines = [line.strip() for line in str(text).splitlines() if line.strip()]
    return re.sub(r"^(AssertionError|Failed|Skipped): ", "", lines[0]) if lines else ""


def pytest_sessionfinish() -> None:
    """Write the results."""
    if path := os.environ.get("CONFORMANCE_RESULTS"):
        Path(path).write_text(json.dumps(list(_results.values()), indent=2))
