"""Brings stacks up and down on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psutil

from harness import console
from harness.errors import HarnessError
from harness.local import containers, deployment, kept_runs, localstack, page, persistence, runtimes
from harness.machine import files, processes
from harness.machine.waiting import poll
from harness.model import current as current_model
from harness.paths import STACKS, shown
from harness.pipeline import definition
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import Stack

NAME = "local"
DEFAULT_PORT = 4566
# A LocalStack that runs and does not respond is busy. It holds data, so wait for it, and never replace it.
BUSY_SECONDS = 60.0


def wanted_port(name: str) -> int:
    """Return the port that LOCALSTACK_PORT names; if it is unset, that of the running stack, or 4566.

    Args:
        name: the stack's name.

    Raises:
        HarnessError: the value is not a port number.
    """
    text = os.environ.get("LOCALSTACK_PORT")
    if not text:
        stack = stacks.load(name)
        return stack.port if stack and stack.alive() else DEFAULT_PORT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise HarnessError(f"LOCALSTACK_PORT={text} is not a port number", "use a number from 1 to 65535")
    return int(text)


def up(
    name: str, project_id: str, port: int, runtime: str | None = None, *, with_page: bool = False
) -> tuple[Stack, dict[str, Any]]:
    """Start a stack, or bring a running one up to date.

    Args:
        name: the stack's name.
        project_id: suffix of the resource names.
        port: port for LocalStack.
        runtime: `embedded` or `docker`; None to choose by RUNTIME.
        with_page: starts the stack's page, too.

    Returns:
        The stack, and the output record that answers the sample event.

    Raises:
        HarnessError: a step failed.
    """
    runtime = runtime or runtimes.wanted(name)
    persistent = persistence.wanted(stacks.load(name))
    deployment.prepare(definition.current(), runtime)
    with stacks.locked(name):
        stack = _reusable(name, port)
        trained, runs_kept = None, False
        server = stack.mlflow_port != 0 if stack else current_model.has_server(runtime)
        with install.exclusive("training and packaging"):  # before anything starts: fail early
            if not server:
                trained = current_model.current(None)
            if deployment.takes_zip(definition.current(), runtime):
                deployment.build_function(definition.current())
        if stack is None:
            down_locked(name, keep_streams=persistent)
            stack = Stack(name, project_id, port, runtime, persistent)
            with _removed_on_interrupt(name, persistent):
                runs_kept = _start(stack)
            if persistent:
                persistence.warn_of_losses(stack)
        fresh = not stack.ready
        with _removed_on_interrupt(name if fresh else None, persistent):
            if trained is None:  # needs the stack's own tracking server
                with install.exclusive("training"):
                    trained = current_model.current(stack)
            # Both get ready while Terraform waits.
            with (
                page.beside(stack) if with_page else nullcontext(),
                kept_runs.put_back(stack) if runs_kept else nullcontext(),
            ):
                answer = deployment.deploy(stack, trained)
            kept_runs.keep(stack)
    return stack, answer


def _start(stack: Stack) -> bool:
    """Start a new stack; return whether its tracking server can have the last stack's runs, and has to get them."""
    if not kept_runs.fit(stack):
        runtimes.of(stack).start(stack)
        return False
    containers.start(stack, wait=False)  # MLflow gets ready beside Terraform: there is nothing to log
    kept_runs.take_model(stack)
    return True


def restart(stack: Stack) -> None:
    """Start a stack again after its LocalStack has ended, with the same model and settings.

    With PERSISTENCE=1 its streams are kept; functions, buckets and everything else are created again.

    Args:
        stack: is updated.

    Raises:
        HarnessError: a step failed, or another command is changing the stack.
    """
    with stacks.locked(stack.name):
        trained = stack.model
        down_locked(stack.name, keep_streams=stack.persistent, keep_model=True)
        stack.ready, stack.outputs, stack.model, stack.applied = False, {}, {}, {}
        runtimes.of(stack).start(stack)
        if stack.persistent:
            persistence.warn_of_losses(stack)
        deployment.deploy(stack, trained)


def _reusable(name: str, port: int) -> Stack | None:
    stack = stacks.load(name)
    if stack is None:
        return None
    stacks.check_owner(name)
    if not stack.alive():
        console.warn("the previous stack has ended; starting a new one")
        return None
    if not stack.ready:
        console.warn("the last start did not finish; starting again")
        return None
    if stack.port != port:
        raise HarnessError(f"the stack runs on port {stack.port}", "take it down before moving it: make local-down")
    if stack.emulator != runtimes.of(stack).code():
        console.warn("LocalStack or its plugin has changed since the stack started; starting a new one")
        return None
    _check_settings(stack)
    poll(lambda: localstack.is_ready(stack), f"an answer of LocalStack ({stack.instance})", BUSY_SECONDS)
    return stack


def _check_settings(stack: Stack) -> None:
    """Check that a running emulator has the settings that the user's environment asks for.

    Raises:
        HarnessError: it has other settings; it reads them only when it starts.
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
    """Take a stack down: no process, port or file of it is left.

    Args:
        name: the stack's name.

    Returns:
        Whether there was a stack to take down.
    """
    with stacks.locked(name):
        page.stop(name)
        return down_locked(name)


def remove_abandoned(prefix: str) -> None:
    """Take down the stacks that killed test runs have left; their names end in a process id.

    Args:
        prefix: start of the names.
    """
    for folder in STACKS.glob(f"{prefix}-*/"):
        number = folder.name.removeprefix(f"{prefix}-")
        if number.isdecimal() and not psutil.pid_exists(int(number)):  # a pipeline may be called `plan-b`
            down(folder.name)


def down_all() -> None:
    """Take down every stack of this checkout, including those of killed test runs."""
    for folder in sorted(STACKS.glob("*/")):
        down(folder.name)


def down_locked(name: str, *, keep_streams: bool = False, keep_model: bool = False) -> bool:
    """Take a stack down while its lock is held; return whether there was a stack to take down.

    Args:
        name: the stack's name.
        keep_streams: keeps the streams of PERSISTENCE=1 for the next start.
        keep_model: keeps the models from the stack's own tracking server, whose runs end with the stack.
    """
    stack = stacks.load(name) or Stack(name, "", 0)
    # The folder may have been removed while the stack ran.
    if not stack.folder.exists() and not processes.of_stack(stack.folder) and not containers.left(stack):
        return False
    with console.step(f"Take down what is in {shown(stack.folder)}"):
        runtimes.of(stack).stop(stack, keep_streams=keep_streams)
        containers.remove_left(stack, keep_streams=keep_streams)
        # stack.json stays with the streams, so that the next start finds them.
        kept = [persistence.folder(stack), stack.folder / "stack.json"] if keep_streams else []
        files.remove(stack.folder, [*kept, *(current_model.of_server(stack) if keep_model else [])])
    return True
