"""The tools that the conformance suite runs against: our emulator in the embedded runtime, and others."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.rivals import core, localemu, ministack
from harness import paths
from harness.local import lifecycle, localstack
from harness.machine import ports
from harness.setup import install
from harness.stack import state as stacks
from harness.stack.state import EMBEDDED, Stack

PREFIX = "conformance-"


@dataclass(frozen=True)
class Tool:
    """One emulator.

    Attributes:
        name: what TARGETS calls it.
        title: what the table calls it; includes the version.
        remark: what a reader must know about it; may be empty.
        start: starts it as a stack's emulator, with the state that an earlier run there kept on disk.
        persists: whether it claims to keep its state across a restart.
    """

    name: str
    title: str
    remark: str
    start: Callable[[Stack], None]
    persists: bool


def known() -> dict[str, Tool]:
    """All tools, ours first."""
    tools = (
        Tool("ours", "this emulator", "", localstack.start, persists=True),
        Tool("core", f"LocalStack core {core.version()}", core.REMARK, core.start, persists=False),
        Tool(
            "ministack",
            f"MiniStack {ministack.version()}",
            ministack.REMARK,
            ministack.start,
            persists=True,
        ),
        Tool(
            "localemu",
            f"LocalEmu {localemu.version()}",
            localemu.REMARK,
            localemu.start,
            persists=True,
        ),
    )
    return {tool.name: tool for tool in tools}


@contextmanager
def opened(tool: Tool, name: str = "") -> Iterator[Stack]:
    """A running emulator, initially empty; removed completely afterwards.

    Args:
        tool: the emulator.
        name: of its stack; by default the one that `restart` knows.

    Raises:
        HarnessError: it could not be installed or started.
    """
    install.for_runtime(EMBEDDED)
    stack = Stack(name or PREFIX + tool.name, "conformance", ports.free_ports(1)[0], persistent=tool.persists)
    lifecycle.down(stack.name)
    try:
        with stacks.locked(stack.name):
            tool.start(stack)
        # `restart` runs in another process, which sees this one's child exit only once it has been reaped.
        threading.Thread(target=localstack.reap, args=(stack,), daemon=True).start()
        yield stack
    finally:
        lifecycle.down(stack.name)


def restart_command(tool: Tool) -> str:
    """The shell command that restarts an opened tool; empty if it does not persist its state."""
    return f"{shlex.quote(str(paths.VENV_BIN / 'pipeline'))} restart-tool {tool.name}" if tool.persists else ""


def restart(name: str) -> None:
    """Shuts an opened tool down gracefully and starts it again on its port."""
    stack = stacks.load(PREFIX + name)
    assert stack is not None, f"{name} does not run"
    with stacks.locked(stack.name):
        localstack.stop(stack)
        known()[name].start(stack)
