"""JUnit reports of pytest and Terraform: the counts, and the text of a failure."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.suites import junit

TESTS = """
import pytest
def test_passes(): pass
def test_fails():
    print("said before")
    assert 1 == 2
@pytest.mark.skip(reason="no engine answers")
def test_skipped(): pass
@pytest.fixture
def broken():
    yield
    raise OSError("nothing was cleaned up")
def test_passes_but_for_its_end(broken): pass
def test_fails_twice(broken): assert 3 == 4
"""
# As Terraform 1.11 writes it, shortened.
TERRAFORM = """<?xml version="1.0" encoding="UTF-8"?><testsuites>
  <testsuite name="tests/s3.tftest.hcl" tests="3" skipped="1" failures="1" errors="0">
    <testcase name="private_bucket" classname="tests/s3.tftest.hcl" time="0.7"></testcase>
    <testcase name="lifecycle" classname="tests/s3.tftest.hcl"><failure message="Test run failed"></failure>
      <system-err><![CDATA[Error: Test assertion failed]]></system-err></testcase>
    <testcase name="later" classname="tests/s3.tftest.hcl"><skipped message="skipped after an error"></skipped>
    </testcase>
  </testsuite>
</testsuites>"""


@pytest.fixture
def of_pytest(tmp_path: Path) -> Path:
    """The report of a pytest run of the tests above."""
    (tmp_path / "test_all.py").write_text(TESTS)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml=report.xml", "-o", "junit_logging=all"]
    subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    return tmp_path / "report.xml"


def test_pytest_results_are_counted(of_pytest: Path) -> None:
    found = junit.read([of_pytest])
    assert found.totals() == "1 passed, 4 failed, 1 skipped"  # one fails twice
    assert found.skipped == {"no engine answers": 1}


def test_a_failure_includes_the_tests_output(of_pytest: Path) -> None:
    texts = dict(junit.read([of_pytest]).failures[:1])
    assert "assert 1 == 2" in texts["test_all::test_fails"]
    assert "said before" in texts["test_all::test_fails"]
    assert "nothing was cleaned up" in str(junit.read([of_pytest]).failures)


def test_terraform_results_are_counted_the_same_way(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(TERRAFORM)
    found = junit.read([report])
    assert found.totals() == "1 passed, 1 failed, 1 skipped"
    [(name, text)] = found.failures
    assert name == "tests/s3.tftest.hcl::lifecycle"
    assert "Test assertion failed" in text


def test_a_missing_or_truncated_report_adds_nothing(of_pytest: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.xml"
    cut.write_text(of_pytest.read_text()[:100])
    assert junit.read([tmp_path / "missing.xml", cut]).totals() == "0 passed, 0 failed"


@pytest.mark.parametrize(("status", "line"), [("0", "1 passed, 0 failed"), ("2", "1 passed, 1 failed")])
def test_an_unexplained_exit_status_is_a_failure(tmp_path: Path, status: str, line: str) -> None:
    (tmp_path / "one.xml").write_text('<testsuites><testsuite><testcase name="one"/></testsuite></testsuites>')
    command = [sys.executable, "-m", "harness.suites.junit", str(tmp_path), status]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == f"{line}\n"
