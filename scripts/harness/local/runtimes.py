"""Chooses where a stack runs: as processes of this machine, or in containers."""

from __future__ import annotations

import os
from types import ModuleType

from harness import console
from harness.errors import HarnessError
from harness.local import containers, localstack
from harness.machine import engine
from harness.stack import state as stacks
from harness.stack.state import DOCKER, EMBEDDED, Stack

MODULES: dict[str, ModuleType] = {EMBEDDED: localstack, DOCKER: containers}


def of(stack: Stack) -> ModuleType:
    """Return the module that runs a stack, with `start`, `stop`, `kill` and `code`."""
    return MODULES[stack.runtime]


def wanted(name: str) -> str:
    """Return the runtime that RUNTIME names; if it is unset, that of the existing stack, or the default.

    A stack exists while it runs, and afterwards as long as its streams are kept.

    Args:
        name: the stack's name.

    Raises:
        HarnessError: the runtime is unknown, unavailable, or not that of the existing stack.
    """
    asked = os.environ.get("RUNTIME") or None
    if asked not in (None, EMBEDDED, DOCKER):
        raise HarnessError(f"RUNTIME={asked} is unknown", f"use RUNTIME={EMBEDDED} or RUNTIME={DOCKER}")
    if asked == DOCKER and (missing := engine.missing()):
        raise HarnessError(
            f"RUNTIME={DOCKER} needs a container engine: {missing}",
            "start or install it (README, prerequisites), or use RUNTIME=embedded, which needs none",
        )
    stack = stacks.load(name)
    if stack is not None and (stack.persistent or stack.alive()):
        if asked not in (None, stack.runtime):
            state = "runs" if stack.alive() else "has kept its streams"
            raise HarnessError(
                f"the stack {state} with RUNTIME={stack.runtime}", "take it down before changing that: make local-down"
            )
        return stack.runtime
    return asked or default(announce=True)


def default(*, announce: bool = False) -> str:
    """Return the default runtime: containers if an engine responds, else processes.

    Args:
        announce: prints why containers are not used.
    """
    missing = engine.missing()
    if missing is None:
        return DOCKER
    if announce:
        console.say(f"{missing}: using the embedded runtime, which needs no container engine")
    return EMBEDDED
