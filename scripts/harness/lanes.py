"""Programs beside one another, in lanes: the output of each in a log of its own, one line when it ends."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness import console
from harness.console import Step
from harness.errors import HarnessError
from harness.paths import ROOT, shown

LOOK_SECONDS = 0.5
# A suite that is interrupted gives its tests a minute to take their stacks down.
END_SECONDS = 90.0
FINDINGS = re.compile(r"^=+ (?:FAILURES|ERRORS) =+$", re.MULTILINE)
PERCENT = re.compile(r"\[\s*(\d+)%\]\s*$", re.MULTILINE)
# The last line of pytest's, and of a step that counts.
TOTALS = re.compile(r"^(?:=+|✓ .*?:) (\d+ passed\b.*?)(?: in [\d.]+s.*| \([\d.]+ s\))(?: =+)?$", re.MULTILINE)
SKIPPED = re.compile(r"^SKIPPED .*$", re.MULTILINE)


class _Part:
    """A program under way. It has a session of its own: Ctrl-C reaches it through `end` alone, once."""

    def __init__(self, name: str, command: Sequence[str], env: Mapping[str, str], log: Path) -> None:
        self.name, self.log = name, log
        self.started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as sink:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def progress(self) -> str:
        found = PERCENT.findall(self.output())
        return f"{self.name} {found[-1]} %" if found else self.name

    def told(self) -> str:
        """What came of it, in a line, with the reasons of what was skipped below."""
        text = self.output()
        totals = " + ".join(TOTALS.findall(text))
        first = f"✓ {self.name}{f': {totals}' if totals else ''} ({time.monotonic() - self.started:.0f} s)"
        return "\n".join([first, *(f"    {line}" for line in SKIPPED.findall(text))])


Start = Callable[[str], _Part]


def run(
    title: str,
    lanes: Sequence[Sequence[str]],
    commands: Mapping[str, Sequence[str]],
    env: Mapping[str, str],
    logs: Path,
) -> None:
    """Runs the programs of each lane one after the other, the lanes beside one another.

    Args:
        title: of all of it, for the user.
        lanes: names of programs.
        commands: program and arguments by name. Each must keep a deadline of its own, and clean up at an interrupt.
        env: their whole environment.
        logs: folder that gets the output of each, as `name.log`.

    Raises:
        HarnessError: a program failed. The others were interrupted, and what it found stands above.
    """

    def start(name: str) -> _Part:
        return _Part(name, commands[name], env, logs / f"{name}.log")

    running: dict[int, _Part] = {}
    with console.step(title) as step:
        try:
            failed = _worked_off([deque(lane) for lane in lanes], running, start, step)
        finally:  # also at Ctrl-C
            _end(list(running.values()))
        if failed:
            raise _failure(failed, [part.name for part in running.values()])


def _worked_off(waiting: list[deque[str]], running: dict[int, _Part], start: Start, step: Step) -> _Part | None:
    """Works the lanes off, to the first failure, which it returns; the others are left in `running`."""
    while any(waiting) or running:
        for lane, names in enumerate(waiting):
            if names and lane not in running:
                running[lane] = start(names.popleft())
        step.note(", ".join(part.progress() for part in running.values()))
        time.sleep(LOOK_SECONDS)
        for lane, part in list(running.items()):
            if (status := part.process.poll()) is None:
                continue
            del running[lane]
            if status != 0:
                return part
            console.say(part.told())
    return None


def _end(parts: Sequence[_Part]) -> None:
    """One interrupt each, at which they take their stacks down; what has not ended a while later is killed."""
    if parts:
        console.say(f"ending {', '.join(part.name for part in parts)} …")
    try:
        for part in parts:
            part.process.send_signal(signal.SIGINT)
        end = time.monotonic() + END_SECONDS
        for part in parts:
            with contextlib.suppress(subprocess.TimeoutExpired):
                part.process.wait(max(0.0, end - time.monotonic()))
    finally:  # also at a second Ctrl-C
        for part in parts:
            part.process.kill()
            part.process.wait()


def _failure(part: _Part, ended: Sequence[str]) -> HarnessError:
    """Prints what a part has found, or all its output where it says nothing of findings."""
    output = part.output()
    found = FINDINGS.search(output)
    console.say(output[found.start() if found else 0 :])
    unfinished = f"; {' and '.join(ended)} had not ended" if ended else ""
    return HarnessError(
        f"{part.name} failed{unfinished}", f"the failures stand above; its whole output is in {shown(part.log)}"
    )
