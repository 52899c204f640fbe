"""Programs beside one another: one line each, a failure in full, and nothing left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from harness import console, lanes
from harness.errors import HarnessError
from harness.waiting import poll

PASSES = "print('===== 3 passed, 1 skipped in 2.00s =====')"
FAILS = "print('dots'); print('=== FAILURES ==='); print('assert 1 == 2'); raise SystemExit(1)"
# Says that it is there, and that it was interrupted and could clean up.
WAITS = """
import pathlib, signal, sys, time
def interrupted(*_):
    pathlib.Path("{folder}", "{name}-ended").touch()
    sys.exit(2)
signal.signal(signal.SIGINT, interrupted)
pathlib.Path("{folder}", "{name}-started").touch()
time.sleep(120)
"""
# Lets the next program go on, or waits until it may itself.
MEETS = """
import pathlib, time
pathlib.Path("{folder}", "{name}").touch()
while not pathlib.Path("{folder}", "{other}").exists():
    time.sleep(0.05)
"""


def _run(folder: Path, order: Sequence[Sequence[str]], **programs: str) -> str:
    """Runs programs of Python; what the user sees."""
    commands = {name: [sys.executable, "-c", text] for name, text in programs.items()}
    with console.err.capture() as captured:
        try:
            lanes.run("Programs", order, commands, dict(os.environ), folder)
        except HarnessError as error:
            console.fail(error.cause, error.next_step)
    return captured.get()


def test_lanes_run_beside_one_another_and_parts_of_a_lane_one_after_the_other(tmp_path: Path) -> None:
    meets = {name: MEETS.format(folder=tmp_path, name=name, other=other) for name, other in ("ab", "ba")}
    after = f"import pathlib; assert pathlib.Path('{tmp_path}', 'a').exists(); {PASSES}"
    seen = _run(tmp_path, [["a", "after"], ["b"]], **meets, after=after)
    assert "✓ after: 3 passed, 1 skipped (" in seen
    assert "error" not in seen


def test_a_failure_is_shown_in_full_ends_the_others_and_nothing_more_begins(tmp_path: Path) -> None:
    waits = WAITS.format(folder=tmp_path, name="waits")
    fails = f"import pathlib, time\nwhile not pathlib.Path('{tmp_path}', 'waits-started').exists(): time.sleep(0.05)\n"
    seen = _run(tmp_path, [["fails", "never"], ["waits"]], fails=fails + FAILS, waits=waits, never=PASSES)
    assert "assert 1 == 2" in seen
    assert "dots" not in seen
    assert "fails failed; waits had not ended" in seen
    assert (tmp_path / "waits-ended").exists()
    assert not (tmp_path / "never.log").exists()


def test_a_part_that_fails_without_findings_is_shown_whole(tmp_path: Path) -> None:
    assert "no such table" in _run(tmp_path, [["odd"]], odd="raise SystemExit('no such table')")


def test_an_interrupt_ends_every_part(tmp_path: Path) -> None:
    waits = {name: WAITS.format(folder=tmp_path, name=name) for name in ("one", "two")}
    program = f"""
import os, pathlib, sys
from harness import lanes
commands = {{name: [sys.executable, "-c", text] for name, text in {waits!r}.items()}}
lanes.run("Programs", [["one"], ["two"]], commands, dict(os.environ), pathlib.Path({str(tmp_path)!r}))
"""
    env = os.environ
    harness = subprocess.Popen([sys.executable, "-c", program], env=env, stderr=subprocess.PIPE, start_new_session=True)
    try:
        poll(lambda: all((tmp_path / f"{name}-started").exists() for name in waits), "both parts")
        children = psutil.Process(harness.pid).children(recursive=True)
        assert len(children) == 2
        started = time.monotonic()
        harness.send_signal(signal.SIGINT)
        assert harness.wait(60) != 0
    finally:
        harness.kill()
        harness.communicate()
    assert time.monotonic() - started < lanes.END_SECONDS
    assert all((tmp_path / f"{name}-ended").exists() for name in waits)
    assert not any(child.is_running() for child in children)


@pytest.mark.parametrize(
    ("line", "totals"),
    [
        ("======= 65 passed, 1 warning in 1380.21s (0:23:00) =======", ["65 passed, 1 warning"]),
        ("============= 12 passed, 3 deselected in 2.10s ==============", ["12 passed, 3 deselected"]),
        ("✓ terraform test (infrastructure): 120 passed, 0 failed (65.1 s)", ["120 passed, 0 failed"]),
        ("✓ checkov (3.0 s)", []),
    ],
)
def test_totals_are_read_from_what_programs_print(line: str, totals: list[str]) -> None:
    assert lanes.TOTALS.findall(line) == totals
