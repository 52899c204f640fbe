"""Brings a stack up and down on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from harness import console
from harness.errors import HarnessError
from harness.local import containers, deployment, localstack, persistence, runtimes
from harness.machine import files, processes
from harness.machine.waiting import poll
from harness.model import current as current_model
from harness.paths import STACKS, shown
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack

NAME = "local"
DEFAULT_PORT = 4566
# A LocalStack that lives and does not answer is busy, and holds data: it is waited for, never replaced.
BUSY_SECONDS = 60.0


def wanted_port(name: str) -> int:
    """The port LOCALSTACK_PORT names; when it is unset, that of the running stack, or 4566.

    Args:
        name: the stack's name.

    Raises:
        HarnessError: it is not a port number.
    """
    text = os.environ.get("LOCALSTACK_PORT")
    if not text:
        stack = stacks.load(name)
        return stack.port if stack and stack.alive() else DEFAULT_PORT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise HarnessError(f"LOCALSTACK_PORT={text} is not a port number", "use a number from 1 to 65535")
    return int(text)


def up(name: str, project_id: str, port: int, runtime: str | None = None) -> tuple[Stack, dict[str, Any]]:
    """Brings a stack up, or up to date when it runs already.

    Args:
        name: the stack's name.
        project_id: suffix of the resource names.
        port: port for LocalStack.
        runtime: `embedded` or `docker`; chosen as RUNTIME says when None.

    Returns:
        The stack and the record of the output stream that answers the sample event.

    Raises:
        HarnessError: a step failed.
    """
    runtime = runtime or runtimes.wanted(name)
    persistent = persistence.wanted(stacks.load(name))
    install.for_runtime(runtime)
    with stacks.locked(name):
        stack = _reusable(name, port)
        trained = None
        if runtime == EMBEDDED:  # before anything is started: what can fail early does
            with install.exclusive("training and packaging"):
                trained = current_model.current(None)
                deployment.build_function()
        if stack is None:
            down_locked(name, keep_streams=persistent)
            stack = Stack(name, project_id, port, runtime, persistent)
            with _removed_on_interrupt(name, persistent):
                runtimes.of(stack).start(stack)
        fresh = not stack.ready
        with _removed_on_interrupt(name if fresh else None, persistent):
            if trained is None:  # logged to the stack's own tracking server
                with install.exclusive("training"):
                    trained = current_model.current(stack)
            answer = deployment.deploy(stack, trained)
    return stack, answer


def restart(stack: Stack) -> None:
    """Starts a stack again whose LocalStack has ended, as `up` does, with the model and the settings it had.

    Under PERSISTENCE=1 its streams are there again; functions, buckets and all else are made anew.

    Args:
        stack: is brought up to date.

    Raises:
        HarnessError: a step failed, or another command is changing the stack.
    """
    with stacks.locked(stack.name):
        trained = stack.model
        down_locked(stack.name, keep_streams=stack.persistent, keep_model=True)
        stack.ready, stack.outputs, stack.model = False, {}, {}
        runtimes.of(stack).start(stack)
        deployment.deploy(stack, trained)


def _reusable(name: str, port: int) -> Stack | None:
    stack = stacks.load(name)
    if stack is None:
        return None
    if not stack.alive():
        console.warn("the stack that was here has ended; starting a new one")
        return None
    if not stack.ready:
        console.warn("the last start was not finished; starting anew")
        return None
    if stack.port != port:
        raise HarnessError(f"the stack runs on port {stack.port}", "take it down before moving it: make local-down")
    if stack.emulator != runtimes.of(stack).code():
        console.warn("LocalStack or its plugin has changed since the stack was started; starting a new one")
        return None
    _check_settings(stack)
    poll(lambda: localstack.is_ready(stack), f"an answer of LocalStack ({stack.instance})", BUSY_SECONDS)
    return stack


def _check_settings(stack: Stack) -> None:
    """Checks that a running emulator has the settings that the user's environment asks for.

    Raises:
        HarnessError: it has others, and reads them at its start alone.
    """
    asked = {name: value for name in stack.settings if (value := os.environ.get(name))}
    other = {name: value for name, value in asked.items() if value != stack.settings[name]}
    if other:
        in_force = ", ".join(f"{name}={stack.settings[name] or '(unset)'}" for name in other)
        wanted = " ".join(f"{name}={value}" for name, value in other.items())
        raise HarnessError(
            f"the stack runs with {in_force}; it takes settings at its start only",
            f"take it down, which deletes what is in it, and start it anew: make local-down && make local-up {wanted}",
        )


@contextmanager
def _removed_on_interrupt(name: str | None, keep_streams: bool) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if name is not None:
            console.say("interrupted; removing what was started …")
            down_locked(name, keep_streams=keep_streams)
        raise


def down(name: str) -> bool:
    """Takes a stack down: no process, port or file of it is left.

    Args:
        name: the stack's name.

    Returns:
        Whether there was anything to take down.
    """
    with stacks.locked(name):
        return down_locked(name)


def remove_abandoned(prefix: str) -> None:
    """Takes down the stacks of test runs that were killed before they could; their names end in a process id.

    Args:
        prefix: first part of the names.
    """
    for folder in STACKS.glob(f"{prefix}-*/"):
        if not psutil.pid_exists(int(folder.name.rpartition("-")[2])):
            down(folder.name)


def down_all() -> None:
    """Takes every stack of this checkout down, also those of test runs that were killed."""
    for folder in sorted(STACKS.glob("*/")):
        down(folder.name)


def down_locked(name: str, *, keep_streams: bool = False, keep_model: bool = False) -> bool:
    """Takes a stack down while the lock is held; whether there was anything to take down.

    Args:
        name: the stack's name.
        keep_streams: leaves what PERSISTENCE=1 has kept, for the next start.
        keep_model: leaves the models that came from the stack's own tracking server, whose runs end with it.
    """
    stack = stacks.load(name) or Stack(name, "", 0)
    # Somebody may have removed the folder under a running stack.
    if not stack.folder.exists() and not processes.of_stack(stack.folder) and not containers.left(stack):
        return False
    with console.step(f"Take down what is in {shown(stack.folder)}"):
        runtimes.of(stack).stop(stack, keep_streams=keep_streams)
        containers.remove_left(stack, keep_streams=keep_streams)
        # With its streams a stack keeps its file, by which the next start knows them.
        kept = [persistence.folder(stack), stack.folder / "stack.json"] if keep_streams else []
        files.remove(stack.folder, [*kept, *(current_model.of_server(stack) if keep_model else [])])
    return True
