"""Runs the pipeline with and without each safeguard of the mapping; the ledger shows what its absence causes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from harness import events, ledger
from harness.console import Step
from harness.ledger import Timeouts, Verdict, expected
from harness.stack import emulator_faults
from harness.stack.state import Stack
from integration_tests.mapping import changed_mapping

pytestmark = pytest.mark.local_only  # the faults are the emulator's

EVENTS = 8
# Longer than a batch's retries, each in a new container beside another suite: only what is lost is given up.
TIMEOUTS = Timeouts(quiet=60.0)
# These stay in force: an event that contains the marker can never be processed.
POISON = {"point": "lambda:Invoke", "effect": "crash", "seconds": 0.0, "content": "the poison"}


class Safeguard(NamedTuple):
    """A setting of the mapping, and a fault that it protects against.

    Attributes:
        without: arguments for UpdateEventSourceMapping that remove it.
        fault: the rule in force during the test.
        verdicts: number of events by verdict without it.
        timeouts: when events are given up without it.
    """

    without: Mapping[str, Any]
    fault: Mapping[str, Any]
    verdicts: Mapping[Verdict, int]
    timeouts: Timeouts = TIMEOUTS


SAFEGUARDS = {
    "partial-failure report": Safeguard(
        {"FunctionResponseTypes": []},
        {
            "point": "kinesis:PutRecords",
            "effect": "error",
            "code": "ValidationException",  # which the function does not retry
            "status": 400,
            "count": 1,
            "resource": emulator_faults.OUTPUT,
        },
        {Verdict.LOST: EVENTS},
        Timeouts(quiet=15.0),  # nothing is retried
    ),
    "retry of the failed part": Safeguard(
        {"MaximumRetryAttempts": 0},
        {**POISON, "count": EVENTS.bit_length()},  # batches of 8, 4 and 2 events with the poison, and the poison alone
        {Verdict.PREDICTED: EVENTS - 1, Verdict.FAILED: 1},
    ),
    "bisect": Safeguard({"BisectBatchOnFunctionError": False}, POISON, {Verdict.FAILED: EVENTS}),
    "failure destination": Safeguard(
        {"DestinationConfig": {}}, POISON, {Verdict.PREDICTED: EVENTS - 1, Verdict.LOST: 1}
    ),
}


# Nothing tells that an event will never come, so the ledger waits a minute for it.
SLOW = "failure destination"


@pytest.mark.parametrize(
    "safeguard",
    [pytest.param(each, id=name, marks=[pytest.mark.long_proof] * (name == SLOW)) for name, each in SAFEGUARDS.items()],
)
def test_without_a_safeguard_the_ledger_fails(stack: Stack, safeguard: Safeguard) -> None:
    # GIVEN a fault WHEN the safeguard is set THEN every event gets the right verdict
    result = _result(stack, safeguard.fault, TIMEOUTS)
    assert result.passed, result.summary()
    # WHEN it is not set THEN the ledger reports what happened to the events
    with changed_mapping(stack, **safeguard.without):
        result = _result(stack, safeguard.fault, safeguard.timeouts)
    assert not result.passed, result.summary()
    assert result.counts == safeguard.verdicts


def _result(stack: Stack, fault: Mapping[str, Any], timeouts: Timeouts) -> ledger.Ledger:
    """Puts events in one batch; one of them is the poison if the fault looks for it."""
    records = [(data, "one key") for data, _ in events.made_up(stack, EVENTS)]
    poison = EVENTS // 2
    answers = list(expected.of(stack)([data for data, _ in records]))
    for_ever = "content" in fault and "count" not in fault
    with _injected(stack, fault, b64encode(records[poison][0]).decode()):
        return ledger.run(
            stack,
            records,
            lambda _: [None if for_ever and number == poison else one for number, one in enumerate(answers)],
            Step("events, one of them poison"),
            timeouts=timeouts,
        )


@contextmanager
def _injected(stack: Stack, fault: Mapping[str, Any], poison: str) -> Iterator[None]:
    rule = dict(fault)
    if "content" in rule:
        rule["content"] = poison
    if "resource" in rule:
        rule["resource"] = getattr(stack.resources, rule["resource"])
    emulator_faults.request(stack, "PUT", {"rules": [rule]})
    try:
        yield
    finally:
        emulator_faults.request(stack, "DELETE")
