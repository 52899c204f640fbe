"""Each alarm of a stack goes off for its cause and ends; docs/monitoring.md lists those that cannot be tested.

These tests have their own stack, in which nothing else goes wrong. Other tests run during the minutes until the alarms
end.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from harness import events, streams
from harness.errors import HarnessError
from harness.local import lifecycle
from harness.machine import ports
from harness.machine.waiting import poll
from harness.stack import emulator_faults
from harness.stack.clients import Clients
from harness.stack.state import Stack

# The faults are the emulator's.
pytestmark = [pytest.mark.local_only, pytest.mark.own_stacks, pytest.mark.long_proof, pytest.mark.timeout(1200)]

# An alarm is evaluated over the last three minutes, so it ends after that.
DEADLINE, PAUSE = 480, 2.0
# The stack's own alarms take too long for a test: five minutes of age, and 144 s of duration.
REACHABLE = {"iterator-age": 1000.0, "duration": 1000.0}
NOT_EVALUATED = {"stalled"}  # LocalStack evaluates no alarm on an expression
FIELDS = ("Namespace", "MetricName", "Dimensions", "Statistic", "ComparisonOperator", "Threshold", "TreatMissingData")


@pytest.fixture(scope="session")  # outlives the tests that run while alarms end
def stack() -> Iterator[Stack]:
    """A pipeline for the alarms."""
    name = f"e2e-alarms-{os.getpid()}"
    try:
        yield lifecycle.up(name, "alarms", ports.free_ports(1)[0])[0]
    finally:
        lifecycle.down(name)


@pytest.fixture(scope="session")
def clients(stack: Stack) -> Clients:
    """AWS clients of the stack."""
    return Clients(stack)


@pytest.fixture(scope="session")
def watched(stack: Stack, clients: Clients) -> Callable[[], dict[str, str]]:
    """The states of the stack's alarms, by the part of their name after the function's name.

    They are copies with the same metric, threshold, missing-data treatment and comparison, but a period of one minute
    instead of five. Each call evaluates them: the emulator does that when an alarm is put, and then once a period.
    """
    prefix = f"{stack.outputs['lambda_function']}-"
    copies: dict[str, Any] = {}
    for alarm in _describe(clients, stack.outputs["alarm_names"]):
        what = alarm["AlarmName"].removeprefix(prefix)
        if what not in NOT_EVALUATED:
            asked = {name: alarm[name] for name in FIELDS if name in alarm}
            asked["Threshold"] = REACHABLE.get(what, asked["Threshold"])
            copies[what] = {"AlarmName": f"test-{alarm['AlarmName']}", "Period": 60, "EvaluationPeriods": 1, **asked}

    def evaluated() -> dict[str, str]:
        described = _describe(clients, [copy["AlarmName"] for copy in copies.values()])
        states = {alarm["AlarmName"]: alarm["StateValue"] for alarm in described}
        found = {what: states[copy["AlarmName"]] for what, copy in copies.items()}
        return {} if "INSUFFICIENT_DATA" in found.values() else found

    def evaluate() -> dict[str, str]:
        for copy in copies.values():
            clients.cloudwatch.put_metric_alarm(**copy)
        return poll(evaluated, "the alarms' evaluation")

    return evaluate


@pytest.fixture(scope="session")
def fired(stack: Stack, watched: Callable[[], dict[str, str]]) -> set[str]:
    """The alarms that went off for their causes, which have all ended by themselves."""
    poll(lambda: set(watched().values()) == {"OK"}, "quiet alarms", DEADLINE, PAUSE)
    found: set[str] = set()

    def all_fired() -> bool:
        found.update(what for what, state in watched().items() if state == "ALARM")
        return found == set(CAUSES)

    for cause in CAUSES.values():
        cause(stack)
        all_fired()  # one alarm may end before the cause of another
    with suppress(HarnessError):
        poll(all_fired, "each alarm", DEADLINE, PAUSE)
    return found


def _describe(clients: Clients, names: list[str]) -> list[Any]:
    found: list[Any] = clients.cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in found} == set(names)
    return found


def test_the_stack_has_the_alarms_and_the_dashboard(stack: Stack, clients: Clients) -> None:
    what = {name.removeprefix(f"{stack.outputs['lambda_function']}-") for name in stack.outputs["alarm_names"]}
    assert what == set(CAUSES) | NOT_EVALUATED
    _describe(clients, stack.outputs["alarm_names"])
    shown = clients.cloudwatch.get_dashboard(DashboardName=stack.outputs["dashboard_name"])["DashboardBody"]
    assert "IteratorAge" in shown


def test_each_alarm_goes_off(fired: set[str]) -> None:
    assert fired == set(CAUSES)


@pytest.mark.after_others
def test_each_alarm_ends(fired: set[str], watched: Callable[[], dict[str, str]]) -> None:
    assert fired == set(CAUSES), "an alarm that never went off cannot end"
    poll(lambda: set(watched().values()) == {"OK"}, "the alarms' ends", DEADLINE, PAUSE)


def _put(stack: Stack, count: int, seed: int, data: bytes | None = None) -> None:
    records = [(data or made, key) for made, key in events.made_up(stack, count, seed=seed)]
    list(streams.put(Clients(stack).kinesis, stack.outputs["source_stream_name"], records))


@contextmanager
def _rules(stack: Stack, *rules: Mapping[str, Any]) -> Iterator[None]:
    """Applies faults until each has struck as often as it may."""
    emulator_faults.request(stack, "PUT", {"seed": 1, "rules": list(rules)})

    def all_struck() -> bool:
        return all(rule["struck"] >= rule["count"] for rule in emulator_faults.request(stack, "GET")["rules"])

    try:
        yield
        poll(all_struck, "the faults", deadline=120)
    finally:
        emulator_faults.request(stack, "DELETE")


def _crash_until_given_up(stack: Stack) -> None:
    """Every attempt at three events crashes, so they get old, and the bucket refuses their first failure record.

    With twelve crashes, one of two minutes has at least five, wherever the minute ends.
    """
    poison = {"point": "lambda:Invoke", "effect": "crash", "seconds": 0.0, "content": b64encode(b"alarming").decode()}
    refused = {
        "point": "s3:PutObject",
        "effect": "error",
        "resource": stack.outputs["failed_events_bucket"],
        "code": "AccessDenied",  # which no client retries
        "status": 403,
        "count": 1,
    }
    for number, more in enumerate([[refused], [], []]):
        with _rules(stack, {**poison, "count": 4}, *more):
            _put(stack, 1, seed=number, data=b"alarming")


def _slow(stack: Stack) -> None:
    with _rules(stack, {"point": "lambda:Invoke", "effect": "slow", "seconds": 1.5, "count": 1}):
        _put(stack, 1, seed=43)


def _throttle_output(stack: Stack) -> None:
    output = stack.outputs["predictions_stream_name"]
    rule = {"point": "kinesis:PutRecords", "effect": "throttle-records", "resource": output, "count": 3}
    with _rules(stack, rule):
        _put(stack, 20, seed=44)


def _throttle_function(stack: Stack) -> None:
    client, name = Clients(stack).functions, stack.outputs["lambda_function"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        _put(stack, 1, seed=45)
        uuid = stack.outputs["event_source_mapping_id"]
        poll(
            lambda: "PROBLEM" in client.get_event_source_mapping(UUID=uuid)["LastProcessingResult"],
            "a refused invocation",
            deadline=60,
        )
    finally:
        client.delete_function_concurrency(FunctionName=name)


CAUSES: dict[str, Callable[[Stack], None]] = {
    "errors": _crash_until_given_up,
    "discarded-events": lambda _: None,  # same cause
    "lost-failures": lambda _: None,
    "iterator-age": lambda _: None,
    "duration": _slow,
    "output-throttled": _throttle_output,
    "throttles": _throttle_function,
    "invalid-events": lambda stack: _put(stack, 1, seed=46, data=b"no event at all"),
}
