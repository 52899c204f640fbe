"""Reports are found by name, added to GitHub's summary, and written of failed steps, too."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness import console, reports
from harness.errors import HarnessError
from harness.reports import Case, Document, files


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(files, "folder", lambda: tmp_path / "reports")
    monkeypatch.delenv(files.SUMMARY, raising=False)
    return tmp_path / "reports"


def _publish(name: str, at: int, failure: str = "") -> Path:
    path = reports.publish(Document(name, f"Title of {name}", "all is well", [Case("one", failure)]))
    os.utime(path, (at, at))
    return path


def test_the_last_report_is_found_and_one_by_its_name() -> None:
    verify, chaos = _publish("verify", 200), _publish("chaos", 100)
    assert reports.find("") == verify
    assert reports.find("chaos") == chaos
    with pytest.raises(HarnessError, match="there is no report soak") as error:
        reports.find("soak")
    assert error.value.next_step == "there are chaos, verify"


def test_without_reports_the_error_says_what_writes_one() -> None:
    with pytest.raises(HarnessError, match="there is no report yet") as error:
        reports.find("")
    assert "make verify" in error.value.next_step


def test_json_and_junit_stand_beside_the_page(folder: Path) -> None:
    _publish("verify", 100)
    assert sorted(file.name for file in folder.iterdir()) == ["verify.html", "verify.json", "verify.xml"]
    assert json.loads((folder / "verify.json").read_text())["verdict"] == "all is well"


def test_a_github_job_gets_a_summary_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "summary.md"
    monkeypatch.setenv(files.SUMMARY, str(place))
    _publish("verify", 100)
    _publish("chaos", 100, failure="3 lost")
    assert [line for line in place.read_text().splitlines() if line.startswith("###")] == [
        "### ✅ Title of verify",
        "### ❌ Title of chaos",
    ]
    assert "- one: 3 lost" in place.read_text()


def test_steps_are_the_checks(folder: Path) -> None:
    with reports.of_steps("rehearse-stg", "Rehearsal", "done"), console.step("First") as step:
        step.result = "fine"
    written = json.loads((folder / "rehearse-stg.json").read_text())
    assert (written["passed"], written["verdict"]) == (True, "done")
    assert [case["name"] for case in written["cases"]] == ["First"]
    assert written["sections"][0]["rows"][0][2] == "fine"


@pytest.mark.parametrize("between", [True, False])
def test_a_failed_step_has_its_cause(folder: Path, between: bool) -> None:
    def fail() -> None:
        with reports.of_steps("e2e", "End to end", "done"):
            with console.step("First"):
                if not between:
                    raise HarnessError("it broke", "fix it")
            raise HarnessError("it broke", "fix it")

    with pytest.raises(HarnessError, match="it broke"):
        fail()
    written = json.loads((folder / "e2e.json").read_text())
    assert (written["passed"], written["verdict"]) == (False, "it broke")
    name = "the command ran to its end" if between else "First"
    assert [case["name"] for case in written["cases"] if case["failure"] == "it broke"] == [name]
