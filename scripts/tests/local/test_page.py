"""The page's process: started once, found again, replaced when it has died, and ended."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from harness.errors import HarnessError
from harness.local import page
from harness.machine import ports
from harness.machine.waiting import poll
from harness.stack.state import Stack


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A stack that does not run: the page shows that, too."""
    stack = Stack(f"page-{os.getpid()}", "x", ports.free_ports(1)[0])
    yield stack
    page.stop(stack.name)
    assert not page._file(stack.name).exists()


def test_a_page_is_started_once_and_a_dead_one_is_replaced(stack: Stack) -> None:
    first = page.start(stack)
    assert first.answers()
    assert page.start(stack) == first
    process = first.process()
    assert process is not None
    process.send_signal(signal.SIGKILL)
    poll(lambda: first.process() is None, "the end of the page")
    assert page.running(stack.name) is None
    second = page.start(stack)
    assert second.pid != first.pid
    assert second.answers()
    page.stop(stack.name)
    assert second.process() is None
    assert not second.answers()


@pytest.mark.parametrize("text", ["0", "99999", "x"])
def test_what_is_no_port_is_refused(stack: Stack, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("DASHBOARD_PORT", text)
    with pytest.raises(HarnessError, match="is not a port number"):
        page.start(stack)


def test_a_port_that_is_taken_is_named(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("DASHBOARD_PORT", str(taken.getsockname()[1]))
        with pytest.raises(HarnessError, match=f"is taken by process {os.getpid()}"):
            page.start(stack)


def test_another_process_with_the_same_id_is_not_the_page() -> None:
    assert page.Page(os.getpid(), 1.0, 1, "").process() is None
