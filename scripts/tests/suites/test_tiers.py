"""`make test-all` runs every test, and each of its jobs has its own log and report."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from harness import console
from harness.errors import HarnessError
from harness.paths import ROOT
from harness.reports import files as reports
from harness.suites import jobs, junit, tiers
from harness.suites.jobs import Job


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """The jobs of `make test-all`, in the runtime that needs no engine."""
    monkeypatch.setenv("RUNTIME", "embedded")
    return [job for part in tiers.COMPOSED["test-all"] for job in tiers.GROUPS[part]()]


def test_every_test_file_belongs_to_a_job(everything: list[Job]) -> None:
    folders = {(job.cwd / word).resolve() for job in everything for word in job.command if not word.startswith("-")}
    found = [file for file in ROOT.glob("*/**/test_*.py") if not {".venv", ".cache"} & set(file.parts)]
    assert len(found) > 100
    assert [file for file in found if not folders & set(file.parents)] == []


def test_both_tiers_of_a_folder_are_run(everything: list[Job]) -> None:
    run = Counter(
        word.removesuffix(" and not own_stacks") for job in everything for word in job.command if "long_proof" in word
    )
    assert set(run) == {tiers.EVERYDAY, tiers.LONG}
    assert run[tiers.EVERYDAY] == run[tiers.LONG]


def test_no_job_overwrites_anothers_report(everything: list[Job]) -> None:
    assert max(Counter(job.report for job in everything).values()) == 1


def test_the_stacks_of_tests_ignore_the_port_of_the_users_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALSTACK_PORT", "4966")
    command = [sys.executable, "-c", "import os; assert 'LOCALSTACK_PORT' not in os.environ"]
    job = Job("port", command, tmp_path, deadline=60)
    with pytest.raises(HarnessError, match="port failed"):
        jobs.run("Port", [job, job], dict(os.environ), 1)
    monkeypatch.setitem(tiers.GROUPS, "port", lambda: [job, job])
    monkeypatch.setattr(reports, "publish", lambda _: None)
    tiers._run_jobs("port")


def test_an_unknown_suite_is_refused_with_the_known_ones() -> None:
    with pytest.raises(HarnessError, match="no suite e2f") as refused:
        tiers.run("e2f")
    assert "e2e" in refused.value.next_step


def test_a_job_that_breaks_before_its_report_counts_as_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    junit.print_totals([tmp_path / "missing.xml"], broken=True)
    assert capsys.readouterr().out == "0 passed, 1 failed\n"
    assert junit.read([tmp_path / "missing.xml"]).totals() == "0 passed, 0 failed"


@pytest.mark.long_proof
@pytest.mark.parametrize(("reruns", "seen"), [("1", "1 passed, 0 failed"), ("0", "0 passed, 1 failed")])
def test_in_ci_a_test_that_fails_once_is_named_and_tried_again(
    reruns: str, seen: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import pathlib\ndef test_once(tmp_path_factory):\n    file = pathlib.Path(__file__).with_suffix('.once')\n"
    text += "    again = file.exists()\n    file.touch()\n    assert again\n"
    (tmp_path / "test_flaky.py").write_text(text)
    monkeypatch.setenv("RERUNS", reruns)
    monkeypatch.setattr(jobs, "folder", lambda: tmp_path)
    flaky = tiers._pytest("flaky", str(tmp_path), cwd=tmp_path, processes=1)
    passes = dataclasses.replace(flaky, name="passes", command=[sys.executable, "-c", ""], counts=False)
    told: list[str] = []
    monkeypatch.setattr(console, "say", told.append)
    with contextlib.suppress(HarnessError):
        jobs.run("Flaky", [flaky, passes], dict(os.environ), 2)
    assert junit.read([flaky.report]).totals() == seen
    assert ("tried again: test_flaky.py::test_once" in "\n".join(told)) == (reruns == "1")
