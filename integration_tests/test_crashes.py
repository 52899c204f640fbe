"""Nothing is lost when the function's processes are killed while events flow."""

from __future__ import annotations

import threading

import pytest

from harness import chaos, events, ledger
from harness.chaos import soak
from harness.console import Step
from harness.ledger import Verdict, expected
from harness.local import workers
from harness.stack import emulator_faults
from harness.stack.state import Stack

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
        result = ledger.run(stack, records, expected.of(stack), Step("600 events"), rate=100)
    finally:
        done.set()
        thread.join()
    assert killed
    assert result.passed, result.summary()
    assert result.counts[Verdict.PREDICTED] + result.counts[Verdict.DUPLICATED] == 600


def test_events_stored_twice_by_a_put_without_answer_are_predicted_twice(stack: Stack) -> None:
    rule = {"point": "kinesis:PutRecords", "effect": "lose-answer", "count": 1}
    emulator_faults.request(stack, "PUT", {"rules": [{**rule, "resource": stack.outputs["source_stream_name"]}]})
    try:
        records = events.made_up(stack, 60, keys=6)
        result = ledger.run(stack, records, expected.of(stack), Step("60 events"), rate=100)
    finally:
        emulator_faults.request(stack, "DELETE")
    assert result.passed, result.summary()
    assert result.summary()["put twice"] == result.counts[Verdict.DUPLICATED] == 10  # a tenth of one second's events
    assert result.strangers == []


@pytest.mark.long_proof
def test_a_seeded_schedule_of_faults_loses_nothing(stack: Stack) -> None:
    outcome = chaos.run(stack, seed=1, step=Step("chaos"), count=1000)
    assert outcome.ledger.passed, outcome.ledger.summary()
    assert outcome.ledger.counts[Verdict.FAILED] > 0  # the invalid events that the schedule adds
    assert outcome.happened.total() >= 3


@pytest.mark.long_proof
def test_a_soak_samples_the_memory_of_localstack_and_function(stack: Stack) -> None:
    found = soak.run(stack, seed=2, count=1000, rate=200.0)
    assert found.outcome.ledger.passed, found.outcome.ledger.summary()
    memory = found.report()["memory"]
    assert memory["localstack"]["largest"] > memory["one environment"]["largest"] > 20  # MiB: Python and ONNX Runtime
