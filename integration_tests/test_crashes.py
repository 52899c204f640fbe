"""Nothing is lost when the function's processes are killed while events flow."""

from __future__ import annotations

import threading

import psutil
import pytest

from harness import ledger, offline, processes, traffic
from harness.console import Step
from harness.ledger import Verdict
from harness.stack import Stack

pytestmark = pytest.mark.local_only


def _function_processes(stack: Stack) -> list[psutil.Process]:
    found = []
    for process in processes.of_stack(stack.folder):
        try:
            if "awslambdaric" in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_killed_function_processes_lose_nothing(stack: Stack) -> None:
    killed: set[int] = set()
    done = threading.Event()

    def kill_now_and_then() -> None:
        while not done.wait(1.0) and len(killed) < 5:
            for process in _function_processes(stack)[:1]:
                killed.add(process.pid)
                process.kill()

    thread = threading.Thread(target=kill_now_and_then)
    thread.start()
    try:
        records = traffic.made_up(stack, 600, seed=9)
        result = ledger.run(stack, records, offline.expectations(stack.model), Step("600 events"), rate=100)
    finally:
        done.set()
        thread.join()
    assert killed
    assert result.passed, result.summary()
    assert result.counts[Verdict.PREDICTED] + result.counts[Verdict.DUPLICATED] == 600
