"""Runs other programs. Their output goes to a log file, and each has a deadline."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.errors import CommandFailedError, HarnessError
from harness.paths import shown

GRACE_SECONDS = 20.0
WATCH_SECONDS = 0.5


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    deadline: float,
    on_line: Callable[[str], None] | None = None,
    as_text: Callable[[str], str] = str,
    trouble: Callable[[], str | None] | None = None,
    next_step: str | None = None,
    grace: float = GRACE_SECONDS,
) -> str:
    """Run a program to its end.

    Args:
        command: program and arguments.
        log: file to which the program's output (stdout and stderr) is appended.
        env: the whole environment; None for the harness's own.
        cwd: working directory.
        deadline: seconds after which the program is interrupted, and then killed.
        on_line: called with each line of output.
        as_text: converts a line that is not meant for people into the text for log, result and errors.
        trouble: called now and then; if it returns a cause, the program is ended and the error has that cause. It may
            also raise a HarnessError, which has a next step, too.
        next_step: the error's next step if the program fails.
        grace: seconds that an interrupted program has to clean up.

    Returns:
        The output.

    Raises:
        CommandFailedError: the program failed.
        HarnessError: the program is missing, in trouble, or took longer than the deadline.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    process = _start(words, env, cwd)
    watch = _Watch(process, deadline, trouble, grace)
    try:
        with process.stdout as source, log.open("a", encoding="utf-8") as sink:  # type: ignore[union-attr]
            for line in source:
                text = as_text(line)
                sink.write(text)
                lines.append(text)
                if on_line is not None:
                    on_line(line.rstrip())
        process.wait()
    except BaseException:
        end(process, grace)
        raise
    finally:
        watch.stop()
    name = " ".join([Path(words[0]).name, *words[1:2]])
    if watch.cause is not None:
        raise HarnessError(f"'{name}' {watch.cause}", watch.next_step or f"read {shown(log)}, then try again")
    if process.returncode != 0:
        raise CommandFailedError(
            name, process.returncode, "".join(lines), next_step or f"the whole output is in {shown(log)}"
        )
    return "".join(lines)


def _start(words: list[str], env: Mapping[str, str] | None, cwd: Path | None) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            words,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C reaches only the harness, which passes on one interrupt: a second one makes Terraform give up.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise HarnessError(f"the program '{words[0]}' was not found", "install it (README, prerequisites)") from None


class _Watch:
    """Ends a program that takes too long or is in trouble."""

    def __init__(
        self, process: subprocess.Popen[str], deadline: float, trouble: Callable[[], str | None] | None, grace: float
    ) -> None:
        self.cause: str | None = None
        self.next_step = ""
        self._process = process
        self._deadline = time.monotonic() + deadline
        self._late = f"took longer than {deadline:.0f} s"
        self._trouble = trouble
        self._grace = grace
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(min(WATCH_SECONDS, max(0.0, self._deadline - time.monotonic()))):
            if cause := self._late if time.monotonic() >= self._deadline else self._asked():
                self.cause = cause
                end(self._process, self._grace)
                return

    def _asked(self) -> str | None:
        try:
            return self._trouble and self._trouble()
        except HarnessError as error:
            self.next_step = error.next_step
            return error.cause

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


def end(process: subprocess.Popen[str], grace: float = GRACE_SECONDS) -> None:
    """Interrupt a program like Ctrl-C, so that it can clean up (Terraform saves its state), then kill it."""
    try:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace)
    finally:
        # Also after a second Ctrl-C. The whole group: a shell's background job ignores the interrupt and would keep
        # the output open.
        with contextlib.suppress(ProcessLookupError, PermissionError):  # EPERM: macOS, for a group of zombies
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
