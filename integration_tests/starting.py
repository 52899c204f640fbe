"""Starts the suite's stack: from nothing, or from the snapshot that the last `make e2e` left."""

from __future__ import annotations

import os

from harness import console
from harness.errors import HarnessError
from harness.local import lifecycle, runtimes
from harness.local.snapshots import loading, saving
from harness.machine import ports
from harness.stack import state as stacks
from harness.stack.state import Stack

# E2E_KEEP=1 keeps the stack running and reuses it next time, for work on the tests.
KEEP = os.environ.get("E2E_KEEP") == "1"
# `make e2e` sets it, except in CI: `make test` and CI prove that an apply to nothing works.
SNAPSHOT = os.environ.get("E2E_SNAPSHOT") == "1" and not KEEP
SHARED, PROJECT = "e2e", "e2e"


def name() -> str:
    """Return the stack's name: one that a later run finds again, or this run's own if that one is in use."""
    shared = KEEP or (SNAPSHOT and not _in_use(SHARED))
    return SHARED if shared else f"{SHARED}-{os.getpid()}"


def _in_use(stack_name: str) -> bool:
    known = stacks.load(stack_name)
    return known is not None and known.alive()


def start(stack_name: str) -> Stack:
    """Start the stack and get one event answered."""
    from_snapshot = SNAPSHOT and stack_name == SHARED
    loaded = _loaded(stack_name) if from_snapshot else None
    known = loaded or stacks.load(stack_name)
    port = known.port if known else ports.free_ports(1)[0]
    # Of a loaded stack, Terraform applies what has changed since, if anything has.
    stack, _ = lifecycle.up(stack_name, PROJECT, port)
    if from_snapshot and (loaded is None or stack.applied != loaded.applied):
        saving.save(stack_name, _snapshot(stack.runtime), force=True)
    return stack


def _loaded(stack_name: str) -> Stack | None:
    try:
        return loading.load(stack_name, _snapshot(runtimes.wanted(stack_name)), force=True)
    except HarnessError as error:
        console.say(f"Starting without a snapshot: {error.cause.splitlines()[0]}")
        return None


def _snapshot(runtime: str) -> str:
    return f"{SHARED}-{runtime}"
