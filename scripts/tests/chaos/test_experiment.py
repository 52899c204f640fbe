"""Faults beside a stream of events."""

from __future__ import annotations

import threading

import pytest

from harness import console
from harness.chaos import KILL
from harness.chaos.experiment import LEAD, FaultInjector
from harness.chaos.schedule import ALL, Fault
from harness.machine.ports import free_ports
from harness.stack.state import EMBEDDED, Stack

RATE = 1_000.0


def test_no_kill_is_left_out_when_events_are_put_faster_than_localstack_recovers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recovered, places = threading.Event(), [1_000, 3_000, 5_000]
    begun: list[int] = []

    def kill(_stack: Stack) -> int:
        begun.append(step.done)
        return recovered.wait(10)

    monkeypatch.setitem(ALL, KILL, kill)
    stack = Stack("held", "held", free_ports(1)[0], EMBEDDED)
    faults = [Fault(place / RATE, KILL) for place in places]
    with console.step("puts") as step, FaultInjector(stack, faults, step, RATE) as injector:
        for number, _ in enumerate(injector.held([(b"", "")] * 8_000), 1):
            assert injector.kills >= sum(number > place + LEAD + 1 for place in places)
            step.done = number
            if number == places[1] + LEAD - 1:
                assert injector.kills == 1, "the second waits for the first"
                recovered.set()

    assert injector.happened[KILL] == len(begun) == 3
    assert all(place <= at for place, at in zip(places, begun, strict=True)), begun
    assert step.done == 8_000
