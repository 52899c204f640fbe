"""Starts and stops a stack's LocalStack: a host process with our plugin, by the emulator's launcher."""

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
from harness.machine import environment, processes
from harness.setup import install
from harness.stack.state import Stack

READY_DEADLINE = 90.0
# LocalStack outlives the command that starts it; where the same process stops it again (the tests), it is reaped.
_started: dict[int, subprocess.Popen[bytes]] = {}
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot reach this machine's loopback
STOP_GRACE = 15.0
HEALTH = "/_localstack/health"


def start(stack: Stack) -> None:
    """Starts LocalStack and waits until it answers.

    Args:
        stack: gets the process written down.

    Raises:
        HarnessError: the port is taken, LocalStack ended, or it did not become ready in time.
    """
    stack.emulator = code()
    settings = {name: value for name, value in stack.settings.items() if value}
    launch(stack, "LocalStack", command(stack), environment.for_emulator(**settings, **marker(stack)))


def command(stack: Stack) -> list[str | Path]:
    """The launcher's command for a stack's LocalStack, which then is the launcher's process.

    Args:
        stack: names port and folder.
    """
    return [
        *(paths.EMULATOR_VENV / "bin" / "pipeline-emulator", "start", "--port", str(stack.port)),
        *("--data", stack.folder / "localstack", "--persistence" if stack.persistent else "--no-persistence"),
        *("--lambda-executor", "process", "--lambda-runtime-dir", paths.LAMBDA_RUNTIME),
    ]


def marker(stack: Stack) -> dict[str, str]:
    """The variable by which every process of a stack is found."""
    return {processes.MARKER: str(stack.folder)}


def launch(
    stack: Stack, title: str, command: Sequence[str | Path], env: Mapping[str, str], health: str = HEALTH
) -> None:
    """Starts an emulator as a process of the stack, and waits until it answers on its health endpoint.

    Args:
        stack: gets the process written down.
        title: the emulator's name.
        command: program and arguments.
        env: its whole environment, with the stack's marker.
        health: path of the endpoint, which answers JSON with the key `services`.

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
        # A session of its own: Ctrl-C in the terminal must not end a stack that is up.
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
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:])
            raise HarnessError(f"{title} ended at start:\n{tail}", f"the whole log is in {paths.shown(log)}")
        if time.monotonic() > deadline:
            raise HarnessError(
                f"{title} was not ready within {READY_DEADLINE:.0f} s", f"read {paths.shown(log)}, then try again"
            )
        time.sleep(0.1)


def check_port(port: int) -> None:
    """Checks that nothing listens on a port.

    Raises:
        HarnessError: something does; the message names it.
    """
    if not processes.port_is_free(port):
        raise HarnessError(
            f"port {port} is taken by {processes.port_holder(port)}",
            f"stop it, or choose another port: make local-up LOCALSTACK_PORT={port + 100}",
        )


def is_ready(stack: Stack, health: str = HEALTH) -> bool:
    """Whether an emulator answers on its health endpoint, LocalStack's where none is named."""
    try:
        with _direct.open(f"{stack.endpoint_url}{health}", timeout=2) as answer:
            return "services" in json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def code() -> str:
    """Hash of what a running LocalStack was started from: its lock and our plugin."""
    return install.digest(paths.emulator_sources())


def reap(stack: Stack) -> None:
    """Waits for the end of a process that this one has started, so that another process can see it end."""
    if child := _started.get(stack.pid):
        child.wait()


def kill(stack: Stack) -> None:
    """SIGKILL to LocalStack, as a crash would."""
    if process := stack.process():
        process.kill()


def stop(stack: Stack, *, keep_streams: bool = False) -> None:  # noqa: ARG001 - they are files of the stack's folder
    """Ends LocalStack and every process it started, also those that a killed LocalStack left behind.

    Args:
        stack: its processes are found by their process id and by the marker in their environment.
        keep_streams: makes no difference here; in containers it does.
    """
    process = stack.process()
    if process is not None:
        processes.end_all([process], grace=STOP_GRACE)
    processes.end_all(processes.of_stack(stack.folder))
    if child := _started.pop(stack.pid, None):
        child.wait()
    stack.pid = 0
