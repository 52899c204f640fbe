"""Starts and stops a stack's LocalStack as a host process with our plugin, using the emulator's launcher."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from harness import console, paths
from harness.errors import HarnessError
from harness.local import persistence
from harness.machine import environment, processes
from harness.setup import install
from harness.stack import emulator_state
from harness.stack.state import Stack

READY_DEADLINE = 90.0
# LocalStack outlives the command that starts it. If the same process stops it (in tests), it must be reaped.
_started: dict[int, subprocess.Popen[bytes]] = {}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine's loopback
STOP_GRACE = 15.0
HEALTH = "/_localstack/health"


def start(stack: Stack) -> None:
    """Start LocalStack and wait until it responds.

    Args:
        stack: records the process.

    Raises:
        HarnessError: the port is taken, LocalStack ended, or it was not ready in time.
    """
    stack.emulator = code()
    settings = {name: value for name, value in stack.settings.items() if value}
    own = marker(stack) | emulator_state.new_token(stack)
    launch(stack, "LocalStack", command(stack), environment.for_emulator(**settings, **own))


def command(stack: Stack) -> list[str | Path]:
    """Return the launcher's command for a stack's LocalStack; the launcher's process becomes LocalStack.

    Args:
        stack: has port and folder.
    """
    return [
        *(paths.EMULATOR_VENV / "bin" / "pipeline-emulator", "start", "--port", str(stack.port)),
        *("--data", stack.folder / "localstack", "--persistence" if stack.persistent else "--no-persistence"),
        *("--lambda-executor", "process", "--lambda-runtime-dir", paths.LAMBDA_RUNTIME),
    ]


def marker(stack: Stack) -> dict[str, str]:
    """Return the environment variable that marks every process of a stack."""
    return {processes.MARKER: str(stack.folder)}


def launch(
    stack: Stack, title: str, command: Sequence[str | Path], env: Mapping[str, str], health: str = HEALTH
) -> None:
    """Start an emulator as a process of the stack, and wait until its health endpoint responds.

    Args:
        stack: records the process.
        title: the emulator's name.
        command: program and arguments.
        env: its whole environment, including the stack's marker.
        health: path of the endpoint, which returns JSON with the key `services`.

    Raises:
        HarnessError: as for `start`.
    """
    with console.step(title) as step:
        _launch(stack, title, command, env, health)
        step.result = stack.endpoint_url


def _launch(stack: Stack, title: str, command: Sequence[str | Path], env: Mapping[str, str], health: str) -> None:
    check_port(stack.port)
    log = stack.log("localstack")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        began = sink.tell()
        # A new session: Ctrl-C in the terminal must not end a running stack.
        process = subprocess.Popen(
            command,
            cwd=stack.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    _started[process.pid] = process
    stack.pid = process.pid
    stack.pid_created = psutil.Process(process.pid).create_time()
    stack.save()
    deadline = time.monotonic() + READY_DEADLINE
    while not is_ready(stack, health):
        if process.poll() is not None:
            text = log.read_bytes()[began:].decode(errors="replace")
            if refusal := persistence.refusal(text):
                raise refusal
            tail = "\n".join(text.splitlines()[-8:])
            raise HarnessError(f"{title} ended while starting:\n{tail}", f"the whole log is in {paths.shown(log)}")
        if time.monotonic() > deadline:
            raise HarnessError(
                f"{title} was not ready within {READY_DEADLINE:.0f} s", f"read {paths.shown(log)}, then try again"
            )
        time.sleep(0.1)


def check_port(port: int) -> None:
    """Check that nothing listens on a port.

    Raises:
        HarnessError: the port is taken; the message names the process.
    """
    if not processes.port_is_free(port):
        raise HarnessError(
            f"port {port} is taken by {processes.port_holder(port)}",
            f"stop it, or choose another port: make local-up LOCALSTACK_PORT={port + 100}",
        )


def is_ready(stack: Stack, health: str = HEALTH) -> bool:
    """Return whether an emulator responds on its health endpoint (default: LocalStack's)."""
    try:
        with _direct.open(f"{stack.endpoint_url}{health}", timeout=2) as answer:
            return "services" in json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def code() -> str:
    """Return the hash of the code that LocalStack starts from: its lock file and our plugin."""
    return install.digest(paths.emulator_sources())


def reap(stack: Stack) -> None:
    """Wait for the end of a LocalStack that this process has started, so that other processes see it end."""
    if child := _started.get(stack.pid):
        child.wait()


def kill(stack: Stack) -> None:
    """Kill LocalStack with SIGKILL, to simulate a crash."""
    if process := stack.process():
        process.kill()


def stop(stack: Stack, *, keep_streams: bool = False) -> None:  # noqa: ARG001 - the streams are files in the stack's folder
    """End LocalStack and every process it started, including those that a killed LocalStack left behind.

    Args:
        stack: its processes are found by process id and by the marker in their environment.
        keep_streams: has no effect here, unlike in containers.
    """
    process = stack.process()
    if process is not None:
        processes.end_all([process], grace=STOP_GRACE)
    processes.end_all(processes.of_stack(stack.folder))
    if child := _started.pop(stack.pid, None):
        child.wait()
    stack.pid = 0
