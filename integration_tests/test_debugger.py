"""A debugger attaches to the running function, as an editor's does, and no event is lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness import events, ledger
from harness.console import Step
from harness.ledger import expected
from harness.local.debugging.session import heal
from harness.machine import ports
from harness.machine.waiting import poll
from harness.paths import ROOT
from harness.stack.state import Stack
from integration_tests.debugger import attached

pytestmark = pytest.mark.local_only

RUN = "from harness.local.debugging import command; from harness.stack import state; command.run(state.load({!r}), {})"
WAITING, READY = "Waiting for a debugger at", 120.0
COUNT = 60


class Command:
    """A running `pipeline debug`, with what it has written."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        (self.port,) = ports.free_ports(1)
        self._output = folder / "output"
        with self._output.open("wb") as output:
            command = [sys.executable, "-c", RUN.format(stack.name, self.port)]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def configuration(self) -> dict[str, Any]:
        """The launch configuration that it has printed for VS Code."""
        text = self.output
        found, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
        return dict(found["configurations"][0])

    def wait_until_ready(self) -> None:
        assert poll(lambda: WAITING in self.output or self.process.poll() is not None, "debugpy", READY)
        assert WAITING in self.output, self.output

    def end(self, by: int) -> int:
        """End it; return its exit status."""
        self.process.send_signal(by)
        return self.process.wait(60)


@contextmanager
def debugged(stack: Stack, folder: Path) -> Iterator[Command]:
    """The command, ready for a debugger."""
    command = Command(stack, folder)
    try:
        command.wait_until_ready()
        yield command
    finally:
        command.process.kill()
        command.process.wait(60)
        heal(stack)


def _line_of(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def _run(stack: Stack, count: int = COUNT) -> ledger.Ledger:
    return ledger.run(stack, events.made_up(stack, count), expected.of(stack), Step("debugger"), 20.0)


def test_a_breakpoint_is_hit_and_the_ledger_loses_nothing(stack: Stack, tmp_path: Path) -> None:
    assert stack.pipeline.source
    handler = stack.pipeline.source / "store_sales/handler.py"
    with debugged(stack, tmp_path) as command, ThreadPoolExecutor(1) as pool:
        # WHEN events come while nobody is attached THEN they are answered as always
        assert (found := _run(stack, 10)).passed, found.summary()
        # GIVEN a debugger with the printed configuration, and breakpoints where the module is loaded and in the handler
        with attached(command.configuration) as debugger:
            load, answer = _line_of(handler, "_processor = _start()"), _line_of(handler, "return _processor.process")
            debugger.stop_at(str(handler), load, answer)
            debugger.start()
            thread, path, _ = debugger.stopped()
            assert path == str(handler)
            result = pool.submit(_run, stack)
            debugger.resume(thread)
            # THEN an event stops in the handler, and its variables can be read
            thread, path, variables = debugger.stopped()
            assert path == str(handler)
            assert "Records" in variables["event"]
            began = time.monotonic()
            assert poll(lambda: time.monotonic() > began + 3, "a pause")
            assert not result.done()
            # AND the function goes on when it may, and misses no event
            debugger.stop_at(str(handler))
            debugger.resume(thread)
            assert (found := result.result(120)).passed, found.summary()
        # AND the next debugger can attach, when the first has left during a pause
        with attached(command.configuration) as debugger:
            debugger.stop_at(str(handler), answer)
            debugger.start()
            result = pool.submit(_run, stack)
            debugger.stopped()
        assert (found := result.result(120)).passed, found.summary()
        # AND Ctrl-C ends it
        assert command.end(signal.SIGINT) == 0
        assert "The function runs without a debugger again" in command.output
        assert "Traceback" not in command.output
    assert (found := _run(stack, 10)).passed, found.summary()


@pytest.mark.long_proof
def test_a_killed_command_leaves_nothing(stack: Stack, tmp_path: Path) -> None:
    assert stack.pipeline.source
    handler = stack.pipeline.source / "store_sales/handler.py"
    with (
        debugged(stack, tmp_path) as command,
        ThreadPoolExecutor(1) as pool,
        attached(command.configuration) as debugger,
    ):
        # GIVEN an event that stands at a breakpoint, and another process that may not debug
        debugger.stop_at(str(handler), _line_of(handler, "return _processor.process"))
        debugger.start()
        result = pool.submit(_run, stack, 20)
        debugger.stopped()
        (tmp_path / "other").mkdir()
        other = Command(stack, tmp_path / "other")
        assert other.process.wait(60) != 0
        assert f"process {command.process.pid} debugs this function already" in other.output
        # WHEN the command is killed
        command.end(signal.SIGKILL)
        # THEN the event goes on, and so do the others
        assert (found := result.result(120)).passed, found.summary()
    # AND the next one may begin
    with debugged(stack, tmp_path):
        pass
