"""The report of a suite has the totals and failures of its JUnit files."""

from __future__ import annotations

from pathlib import Path

from harness.reports import Text
from harness.suites import page

FILE = """<testsuites><testsuite name="pytest">
<testcase classname="a" name="good" time="1.5"/>
<testcase classname="a" name="bad" time="0.5"><failure message="m">assert &lt;script&gt;</failure></testcase>
<testcase classname="a" name="left" time="0"><skipped message="no engine"/></testcase>
</testsuite></testsuites>"""


def _written(folder: Path) -> list[Path]:
    (folder / "e2e.xml").write_text(FILE)
    return [folder / "e2e.xml", folder / "e2e-own-stacks.xml"]  # the second had not ended


def test_failures_are_in_the_report(tmp_path: Path) -> None:
    document = page.of("e2e", _written(tmp_path), "e2e failed")
    assert not document.passed
    assert document.verdict == "1 passed, 1 failed, 1 skipped; e2e failed"
    assert {case.name: case.failure for case in document.cases} == {
        "e2e": "1 failed: a::bad",
        "every job ran to its end": "e2e failed",
    }
    assert Text("a::bad", "assert <script>") in document.sections


def test_totals_and_times_are_those_of_the_files(tmp_path: Path) -> None:
    sections = {section.title: section for section in page.of("e2e", _written(tmp_path)).sections}
    assert sections["Jobs"].rows == [("e2e", 1, 1, 1, 2.0)]  # type: ignore[union-attr]
    assert sections["The slowest tests"].rows[0] == ("a::good", 1.5)  # type: ignore[union-attr]
    assert sections["Skipped"].rows == [("no engine", 1)]  # type: ignore[union-attr]
