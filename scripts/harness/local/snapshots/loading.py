"""Loads a snapshot in place of whatever runs."""

from __future__ import annotations

import os
from dataclasses import fields
from typing import Any

from botocore.exceptions import ClientError

from harness import console
from harness.errors import HarnessError
from harness.local import besides, containers, lifecycle, localstack, page, persistence, runtimes
from harness.local.snapshots import store, versions
from harness.local.snapshots.file import EMULATOR, MLFLOW, REGISTRY, Reader, opened
from harness.machine.waiting import poll
from harness.setup import install
from harness.stack import emulator_state, mapping
from harness.stack import state as stacks
from harness.stack.clients import Clients
from harness.stack.state import DOCKER, Stack

READY_SECONDS = 60.0
# Of another process, or chosen anew by whoever loads.
_NOT_LOADED = ("ready", "pid", "pid_created", "container", "emulator", "settings", "base_image")


def load(stack_name: str, name: str, *, force: bool = False) -> Stack:
    """Replace a stack by a snapshot, without Terraform.

    Args:
        stack_name: the stack's name.
        name: the snapshot's.
        force: takes down a stack that runs, and what it holds is gone.

    Returns:
        The stack, as it was when the snapshot was saved.

    Raises:
        HarnessError: the snapshot cannot be loaded here; a running stack is left as it is. Or loading failed; then no
            stack is left.
    """
    with opened(store.existing(name)) as snapshot, stacks.locked(stack_name):
        stack = _stack(stack_name, snapshot)
        versions.check(name, snapshot.manifest, stack)
        _check_free(name, stack, force=force)
        snapshot.verify()
        install.for_runtime(stack.runtime)
        page.stop(stack_name)
        _take_down(stack_name)
        try:
            _start(stack, snapshot, name)
        except BaseException:
            lifecycle.down_locked(stack_name)
            raise
    return stack


def _stack(stack_name: str, snapshot: Reader) -> Stack:
    known = {field.name for field in fields(Stack)}.difference(_NOT_LOADED)
    values: dict[str, Any] = {key: value for key, value in snapshot.manifest.stack.items() if key in known}
    stack = Stack(**{**values, "name": stack_name})
    if os.environ.get(persistence.VARIABLE):
        stack.persistent = persistence.wanted(None)
    return stack


def _check_free(name: str, stack: Stack, *, force: bool) -> None:
    """Check that nothing is in the way, except what `force` allows to take down.

    Raises:
        HarnessError: a stack runs or has kept its streams, or the port is taken.
    """
    present = stacks.load(stack.name)
    runs = present is not None and present.alive()
    if present is not None and (runs or present.persistent) and not force:
        state = "runs" if runs else "has kept its streams"
        raise HarnessError(
            f"the stack {stack.name} {state}; loading {name} would replace all that is in it",
            f"save it first (make save NAME=…), or give it up: make load NAME={name} FORCE=1",
        )
    if not (present is not None and runs and present.port == stack.port):
        localstack.check_port(stack.port)


def _take_down(stack_name: str) -> None:
    present = stacks.load(stack_name)
    if present is not None and present.alive():
        runtimes.of(present).kill(present)  # an orderly end takes seconds, and nothing of it is kept
    lifecycle.down_locked(stack_name)


def _start(stack: Stack, snapshot: Reader, name: str) -> None:
    stack.folder.mkdir(parents=True, exist_ok=True)
    snapshot.unpack(stack.folder)
    stack.save()
    if stack.runtime == DOCKER:
        containers.start(stack, wait=False)
    else:
        localstack.start(stack)
    with console.step(f"Load the snapshot {name}") as step:
        if stack.runtime == DOCKER:
            _fill_containers(stack, snapshot)
        else:
            _fill(stack, snapshot)
        step.result = f"saved {snapshot.manifest.age}"
    stack.ready = True
    stack.save()


def _fill_containers(stack: Stack, snapshot: Reader) -> None:
    besides.put_registry(stack, snapshot.entry(REGISTRY)[0])
    _fill(stack, snapshot)
    containers.wait_until_healthy(stack)
    if stack.mlflow_port and snapshot.has(MLFLOW):
        besides.put_mlflow(stack, snapshot.entry(MLFLOW)[0].read())


def _fill(stack: Stack, snapshot: Reader) -> None:
    emulator_state.give(stack, *snapshot.entry(EMULATOR))
    poll(lambda: _is_ready(stack), "the function and its mapping", READY_SECONDS)


def _is_ready(stack: Stack) -> bool:
    """Return whether the function runs, and the mapping is in the state in which it was saved, enabled or not."""
    try:
        found = mapping.of(stack)
        function = Clients(stack).functions.get_function_configuration(FunctionName=found["FunctionArn"])
    except (ClientError, HarnessError):
        return False
    if function["State"] == "Failed":
        raise HarnessError(
            f"the function cannot start: {function.get('StateReason', 'no reason given')}", "read make local-logs"
        )
    return function["State"] == "Active" and found["State"] in ("Enabled", "Disabled")
