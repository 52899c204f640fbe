"""Runs other programs: output to a log file, progress to the step, a deadline for each."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown

TAIL_LINES = 15
GRACE_SECONDS = 20.0


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    deadline: float,
    on_line: Callable[[str], None] | None = None,
    next_step: str | None = None,
) -> str:
    """Runs a program to its end.

    Args:
        command: program and arguments.
        log: file that gets the program's output (stdout and stderr), appended.
        env: the whole environment; the harness's own when None.
        cwd: working directory.
        deadline: seconds after which the program is interrupted, then killed.
        on_line: called with each line of output.
        next_step: what to tell the user when the program fails.

    Returns:
        The output.

    Raises:
        HarnessError: the program is missing, failed or took longer than the deadline.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    try:
        process = subprocess.Popen(
            words,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Ctrl-C reaches the harness alone, which passes on one interrupt: a second one makes Terraform give up.
            start_new_session=True,
        )
    except FileNotFoundError:
        raise HarnessError(f"the program '{words[0]}' was not found", "install it (README, prerequisites)") from None
    timed_out = threading.Event()

    def expire() -> None:
        timed_out.set()
        end(process)

    timer = threading.Timer(deadline, expire)
    timer.start()
    try:
        with process.stdout as source, log.open("a", encoding="utf-8") as sink:  # type: ignore[union-attr]
            for line in source:
                sink.write(line)
                lines.append(line)
                if on_line is not None:
                    on_line(line.rstrip())
        process.wait()
    except BaseException:
        end(process)
        raise
    finally:
        timer.cancel()
    name = " ".join([Path(words[0]).name, *words[1:2]])
    if timed_out.is_set():
        raise HarnessError(f"'{name}' took longer than {deadline:.0f} s", f"read {shown(log)}, then try again")
    if process.returncode != 0:
        tail = "".join(lines[-TAIL_LINES:]).rstrip()
        raise HarnessError(
            f"'{name}' failed with exit status {process.returncode}:\n{tail}",
            next_step or f"the whole output is in {shown(log)}",
        )
    return "".join(lines)


def end(process: subprocess.Popen[str]) -> None:
    """Ends a program as Ctrl-C would, so that it can clean up (Terraform saves its state), then by force."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
    # Its children, too: a background job of a shell ignores the interrupt and would keep the output open.
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def clean_environment(**extra: str) -> dict[str, str]:
    """The user's environment without anything that could reach a real AWS account or change Terraform's input.

    Args:
        extra: variables to set on top.

    Returns:
        A new environment in which AWS configuration files, profiles and instance credentials are switched off.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_VAR_", "TF_CLI_ARGS"))}
    bundle = os.environ.get("AWS_CA_BUNDLE")
    return kept | (
        {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        | ({"AWS_CA_BUNDLE": bundle} if bundle else {})
        | extra
    )
