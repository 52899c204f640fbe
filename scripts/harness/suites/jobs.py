"""Runs test programs, several at a time. Each has a log, and a JUnit report if it counts tests."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness import console
from harness.console import Step
from harness.errors import HarnessError
from harness.local import runtimes
from harness.paths import CACHE, ROOT, shown
from harness.suites import junit

LOOK_SECONDS = 0.5
# On an interrupt, pytest takes down the stacks of its tests.
END_SECONDS = 90.0
# In the short summary of pytest-rerunfailures.
_AGAIN = re.compile(r"^RERUN (\S+)", re.MULTILINE)


def folder() -> Path:
    """Return the folder of logs and reports; each runtime has its own."""
    return CACHE / "logs" / "suites" / (os.environ.get("RUNTIME") or _default_runtime())


_default_runtime = functools.cache(runtimes.default)


@dataclass(frozen=True)
class Job:
    """A test program.

    Attributes:
        name: its name, for the user.
        command: program and arguments; it must clean up on an interrupt.
        folder: for its log and report.
        deadline: seconds it may take.
        counts: whether it writes a JUnit report to `report`.
        cwd: its working directory.
        settings: environment variables of its own.
    """

    name: str
    command: Sequence[str]
    folder: Path
    deadline: float
    counts: bool = False
    cwd: Path = ROOT
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """File of its output, unless the output goes to the user."""
        return self.folder / f"{self.name}.log"

    @property
    def report(self) -> Path:
        """Its JUnit report."""
        return self.folder / f"{self.name}.xml"


class _Running:
    """A running job. It has its own session, so that Ctrl-C reaches it only through `_end`, once."""

    def __init__(self, job: Job, env: Mapping[str, str], *, visible: bool) -> None:
        self.job, self.visible = job, visible
        self.started = time.monotonic()
        job.folder.mkdir(parents=True, exist_ok=True)
        job.report.unlink(missing_ok=True)
        with contextlib.nullcontext() if visible else job.log.open("wb") as sink:
            self.process = subprocess.Popen(
                job.command,
                cwd=job.cwd,
                env={**env, **job.settings},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=None if visible else subprocess.STDOUT,
                start_new_session=True,
            )

    def seconds(self) -> float:
        return time.monotonic() - self.started

    def late(self) -> bool:
        return self.seconds() > self.job.deadline

    def outcome(self) -> str:
        """Return the result on one line, then the tests that were tried again and the reasons for skipped ones."""
        found = junit.read([self.job.report])
        totals = f": {found.totals()}" if self.job.counts else ""
        again = () if self.visible else _AGAIN.findall(self.job.log.read_text(errors="replace"))
        tried = [f"    tried again: {name}" for name in again]
        skipped = [f"    skipped ({count}): {reason}" for reason, count in found.skipped.items()]
        return "\n".join([f"✓ {self.job.name}{totals} ({self.seconds():.0f} s)", *tried, *skipped])


def run(title: str, jobs: Sequence[Job], env: Mapping[str, str], at_once: int) -> None:
    """Run jobs in order, several at a time. The output of a single job goes to the user.

    Args:
        title: names the whole, for the user.
        jobs: the jobs, the longest first.
        env: the jobs' whole environment.
        at_once: how many jobs may run at a time.

    Raises:
        HarnessError: a job failed. Its failures were printed, and the others were interrupted.
    """
    running: list[_Running] = []
    if len(jobs) == 1:
        console.say(f"▸ {title}")
    with contextlib.nullcontext(Step(title)) if len(jobs) == 1 else console.step(title) as step:
        try:
            failed = _work_off(deque(jobs), running, env, at_once, step)
        finally:  # also at Ctrl-C
            _end(running)
        if failed:
            raise _failure(failed, [one.job.name for one in running])


def _work_off(
    waiting: deque[Job], running: list[_Running], env: Mapping[str, str], at_once: int, step: Step
) -> _Running | None:
    """Run jobs up to the first failure and return it; unfinished jobs, also a late one, stay in `running`."""
    alone, count, ended = len(waiting) == 1, len(waiting), 0
    while waiting or running:
        while waiting and len(running) < at_once:
            running.append(_Running(waiting.popleft(), env, visible=alone))
        step.note(f"{ended} of {count} done; {', '.join(f'{one.job.name} ({one.seconds():.0f} s)' for one in running)}")
        time.sleep(LOOK_SECONDS)
        for one in list(running):
            if (status := one.process.poll()) is None:
                if one.late():
                    return one
                continue
            running.remove(one)
            if status != 0:
                return one
            ended += 1
            console.say(one.outcome())
    return None


def _end(running: Sequence[_Running]) -> None:
    """Interrupt each job once, so that it takes down its stacks; kill those that do not end in time."""
    if running:
        console.say(f"ending {', '.join(one.job.name for one in running)} …")
    try:
        for one in running:
            one.process.send_signal(signal.SIGINT)
        end = time.monotonic() + END_SECONDS
        for one in running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                one.process.wait(max(0.0, end - time.monotonic()))
    finally:  # also at a second Ctrl-C
        for one in running:
            one.process.kill()
            one.process.wait()


def _failure(failed: _Running, ended: Sequence[str]) -> HarnessError:
    """Print the failures of a job, or its whole output if it reports none, and return the error."""
    job = failed.job
    others = [name for name in ended if name != job.name]
    unfinished = f"; {' and '.join(others)} had not ended" if others else ""
    if job.name in ended:
        cause = f"{job.name} took longer than {job.deadline:.0f} s{unfinished}"
        return HarnessError(cause, "look for what hangs" + ("" if failed.visible else f" in {shown(job.log)}"))
    if failed.visible:
        return HarnessError(f"{job.name} failed{unfinished}", "see the failures above")
    failures = junit.read([job.report]).failures
    for name, text in failures:
        console.say(f"\n--- {name}\n{text}")
    if not failures:
        console.say(job.log.read_text(errors="replace"))
    return HarnessError(
        f"{job.name} failed{unfinished}", f"see the failures above; the whole output is in {shown(job.log)}"
    )
