"""Concurrent jobs: one line each, a failure in full, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from harness import console
from harness.errors import HarnessError
from harness.machine.waiting import poll
from harness.suites import jobs
from harness.suites.jobs import Job

# Programs that get the path of their report as an argument.
PASSES = """
import pathlib, sys
cases = '<testcase/><testcase/><testcase/><testcase><skipped message="no engine answers"/></testcase>'
pathlib.Path(sys.argv[1]).write_text(f"<testsuite>{cases}</testsuite>")
"""
FAILS = """
import pathlib, sys
print("dots")
case = '<testcase name="test_sum"><failure>assert 1 == 2</failure></testcase>'
pathlib.Path(sys.argv[1]).write_text(f"<testsuite><testcase/>{case}</testsuite>")
raise SystemExit(1)
"""
# Reports that it has started, and that it could clean up when interrupted.
WAITS = """
import pathlib, signal, sys, time
def interrupted(*_):
    pathlib.Path("{folder}", "{name}-ended").touch()
    sys.exit(2)
signal.signal(signal.SIGINT, interrupted)
pathlib.Path("{folder}", "{name}-started").touch()
time.sleep(120)
"""
# Waits until the other program has started.
MEETS = """
import pathlib, time
pathlib.Path("{folder}", "{name}").touch()
while not pathlib.Path("{folder}", "{other}").exists():
    time.sleep(0.05)
"""


def _jobs(folder: Path, programs: Mapping[str, str], deadline: float = 60.0) -> list[Job]:
    return [
        Job(name, [sys.executable, "-c", text, str(folder / f"{name}.xml")], folder, counts=True, deadline=deadline)
        for name, text in programs.items()
    ]


def _run(folder: Path, *, at_once: int = 2, deadline: float = 60.0, **programs: str) -> str:
    """Run Python programs as jobs and return what the user sees."""
    with console.err.capture() as captured:
        try:
            jobs.run("Programs", _jobs(folder, programs, deadline), dict(os.environ), at_once)
        except HarnessError as error:
            console.fail(error.cause, error.next_step)
    return captured.get()


def test_jobs_run_concurrently_and_the_next_one_starts_when_one_ends(tmp_path: Path) -> None:
    meets = {name: MEETS.format(folder=tmp_path, name=name, other=other) for name, other in ("ab", "ba")}
    after = f"import pathlib; assert pathlib.Path('{tmp_path}', 'a').exists(); {PASSES}"
    seen = _run(tmp_path, a=meets["a"], b=meets["b"], after=after)
    assert "✓ after: 3 passed, 0 failed, 1 skipped (" in seen
    assert "skipped (1): no engine answers" in seen
    assert "error" not in seen


def test_a_failure_is_shown_in_full_and_stops_all_other_jobs(tmp_path: Path) -> None:
    waits = WAITS.format(folder=tmp_path, name="waits")
    fails = f"import pathlib, time\nwhile not pathlib.Path('{tmp_path}', 'waits-started').exists(): time.sleep(0.05)\n"
    seen = _run(tmp_path, fails=fails + FAILS, waits=waits, never=PASSES)
    assert "test_sum" in seen
    assert "assert 1 == 2" in seen
    assert "dots" not in seen
    assert "fails failed; waits had not ended" in seen
    assert (tmp_path / "waits-ended").exists()
    assert not (tmp_path / "never.log").exists()


def test_a_job_that_fails_without_findings_is_shown_in_full(tmp_path: Path) -> None:
    seen = _run(tmp_path, odd="raise SystemExit('no such table')", even=PASSES, at_once=1)
    assert "no such table" in seen
    assert "odd.log" in seen


def test_the_output_of_a_single_job_goes_to_the_user(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen = _run(tmp_path, alone="print('dots'); raise SystemExit(1)")
    assert "dots" in capfd.readouterr().out
    assert "alone failed" in seen
    assert not (tmp_path / "alone.log").exists()


def test_a_job_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    waits = WAITS.format(folder=tmp_path, name="waits")
    seen = _run(tmp_path, waits=waits, passes=PASSES, deadline=5.0)
    assert "waits took longer than 5 s" in seen
    assert (tmp_path / "waits-ended").exists()


def test_an_interrupt_ends_every_job(tmp_path: Path) -> None:
    waits = {name: WAITS.format(folder=tmp_path, name=name) for name in ("one", "two")}
    program = f"""
import os, pathlib, signal, sys
from harness.suites import jobs
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run as a background job
folder = pathlib.Path({str(tmp_path)!r})
found = [jobs.Job(name, [sys.executable, "-c", text], folder, deadline=60) for name, text in {waits!r}.items()]
jobs.run("Programs", found, dict(os.environ), 2)
"""
    harness = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, start_new_session=True)
    try:
        poll(lambda: all((tmp_path / f"{name}-started").exists() for name in waits), "both jobs")
        children = psutil.Process(harness.pid).children(recursive=True)
        assert len(children) == 2
        started = time.monotonic()
        harness.send_signal(signal.SIGINT)
        assert harness.wait(60) != 0
    finally:
        harness.kill()
        harness.communicate()
    assert time.monotonic() - started < jobs.END_SECONDS
    assert all((tmp_path / f"{name}-ended").exists() for name in waits)
    assert not any(child.is_running() for child in children)
