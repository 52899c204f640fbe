"""Reads the JUnit reports of pytest and `terraform test`: totals, skips, failures.

`python -m harness.suites.junit FOLDER [STATUS]` prints the totals of all reports below a folder on one line. STATUS is
the exit status of the program that wrote them: if it is not 0 and no test failed, it counts as a failure itself.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree


@dataclass
class Report:
    """The results of tests.

    Attributes:
        passed: number of passed tests.
        failed: number of failed tests, including errors in setup or teardown.
        skipped: number of skipped tests, by reason.
        failures: name and text of each failure.
        times: name and seconds of each test.
    """

    passed: int = 0
    failed: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    times: list[tuple[str, float]] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Add another report's tests."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        self.times += other.times

    def totals(self) -> str:
        """Format the totals like pytest: `3 passed, 0 failed, 1 skipped`."""
        skipped = self.skipped.total()
        return f"{self.passed} passed, {self.failed} failed" + (f", {skipped} skipped" if skipped else "")


def read(files: Iterable[Path]) -> Report:
    """Read reports.

    One that is missing or incomplete adds no tests, because its program did not get that far. Of a test that was tried
    again, the last result counts.
    """
    found = Report()
    for file in files:
        try:
            root = ElementTree.parse(file).getroot()  # noqa: S314 - written by our own programs
        except (FileNotFoundError, ElementTree.ParseError):
            continue
        for suite in root.iter("testsuite"):
            cases = suite.findall("testcase")
            last = {_name_of(case): case for case in cases}
            for case in cases:
                result = _of_case(case)
                # A failure that is followed by another try has neither a failure nor anything else in the report.
                if not (result.passed and _name_of(case) and last[_name_of(case)] is not case):
                    found.add(result)
    return found


def print_totals(files: Iterable[Path], *, broken: bool = False) -> None:
    """Print the totals of reports on one line.

    Args:
        files: the reports.
        broken: whether a program failed; without a failed test to explain that, it counts as a failure itself.
    """
    found = read(files)
    if broken and not found.failed:
        found.failed = 1
    print(found.totals(), flush=True)


def _name_of(case: ElementTree.Element) -> str:
    return "::".join(filter(None, (case.get("classname"), case.get("name"))))


def _of_case(case: ElementTree.Element) -> Report:
    found = _result(case)
    found.times.append((_name_of(case), float(case.get("time") or 0)))
    return found


def _result(case: ElementTree.Element) -> Report:
    name = _name_of(case)
    if failures := [*case.findall("failure"), *case.findall("error")]:
        told = [failure.text or failure.get("message") or "" for failure in failures]
        captured = [part.text or "" for kind in ("system-out", "system-err") for part in case.findall(kind)]
        return Report(failed=1, failures=[(name, "\n".join([*told, *captured]).strip())])
    if (skipped := case.find("skipped")) is not None:
        return Report(skipped=Counter([skipped.get("message") or "without a reason"]))
    return Report(passed=1)


def main() -> None:
    """Print the totals of a folder's reports."""
    folder, status = Path(sys.argv[1]), sys.argv[2:3]
    print_totals(sorted(folder.rglob("*.xml")), broken=status not in ([], ["0"]))


if __name__ == "__main__":
    main()
