"""Nothing is lost when the function's processes are killed while events flow."""

from __future__ import annotations

import threading

import pytest

from harness import chaos, events, ledger, offline, workers
from harness.console import Step
from harness.ledger import Verdict
from harness.stack import Stack

pytestmark = pytest.mark.local_only


def test_killed_function_processes_lose_nothing(stack: Stack) -> None:
    killed: set[str] = set()
    done = threading.Event()

    def kill_now_and_then() -> None:
        while not done.wait(1.0) and len(killed) < 5:
            for worker in workers.of(stack)[:1]:
                killed.add(worker.name)
                worker.kill()

    thread = threading.Thread(target=kill_now_and_then)
    thread.start()
    try:
        records = events.made_up(stack, 600, seed=9)
        result = ledger.run(stack, records, offline.expectations(stack.model), Step("600 events"), rate=100)
    finally:
        done.set()
        thread.join()
    assert killed
    assert result.passed, result.summary()
    assert result.counts[Verdict.PREDICTED] + result.counts[Verdict.DUPLICATED] == 600


def test_a_seeded_schedule_of_faults_loses_nothing(stack: Stack) -> None:
    result, happened = chaos.run(stack, seed=1, step=Step("chaos"), count=1000)
    assert result.passed, result.summary()
    assert result.counts[Verdict.FAILED] > 0  # the invalid ones, which the schedule mixes in
    assert happened.total() >= 3
