"""A seeded schedule of faults over a steady stream, ended by the ledger's verdict.

The faults come from outside: processes are killed and the mapping is switched, as it happens on AWS. Nothing of this
is in the deployed function.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from harness import events, ledger, offline, workers
from harness.clients import Clients
from harness.console import Step
from harness.ledger import Ledger
from harness.stack import Stack
from harness.waiting import poll

RATE = 100.0
EVENTS = 2_000
FIRST_FAULT, LAST_FAULT = 0.1, 0.9  # of the time the events take to be put: the stream flows before and after
FAULT_EVERY_SECONDS = 2.0
INVALID_SHARE = 0.02
SWITCH_DEADLINE = 60.0
FREEZE_SECONDS = 1.0


@dataclass(frozen=True)
class Fault:
    """One fault of a schedule.

    Attributes:
        at: seconds after the first put.
        name: which of `FAULTS`.
    """

    at: float
    name: str


def schedule(seed: int, seconds: float) -> list[Fault]:
    """The faults of a seed, in the order of their time; the same seed gives the same ones.

    Args:
        seed: any integer.
        seconds: how long events are put.
    """
    chance = random.Random(seed)  # noqa: S311 - a test schedule
    count = max(1, int(seconds / FAULT_EVERY_SECONDS))
    times = sorted(chance.uniform(FIRST_FAULT, LAST_FAULT) * seconds for _ in range(count))
    return [Fault(round(at, 2), chance.choice(sorted(FAULTS))) for at in times]


def kill_function(stack: Stack) -> bool:
    """SIGKILL to one of the function's environments, wherever in a batch it is."""
    found = workers.of(stack)[:1]
    for worker in found:
        worker.kill()
    return bool(found)


def freeze_function(stack: Stack) -> bool:
    """Stops an environment for a second: a function that is slow all of a sudden."""
    found = workers.of(stack)[:1]
    for worker in found:
        worker.freeze()
        time.sleep(FREEZE_SECONDS)
        worker.thaw()
    return bool(found)


def switch_mapping(stack: Stack) -> bool:
    """Disables the event source mapping, waits until it is, and enables it again."""
    client = Clients(stack).functions
    uuid = stack.outputs["event_source_mapping_id"]

    def switch(state: str) -> None:
        client.update_event_source_mapping(UUID=uuid, Enabled=state == "Enabled")
        poll(
            lambda: client.get_event_source_mapping(UUID=uuid)["State"] == state,
            f"the mapping: {state}",
            SWITCH_DEADLINE,
        )

    try:
        switch("Disabled")
    finally:
        switch("Enabled")
    return True


def replace_function(stack: Stack) -> bool:
    """Changes the function's configuration and changes it back; each replaces its environments while events flow."""
    client = Clients(stack).functions
    name = stack.outputs["lambda_function"]
    before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configure(variables: dict[str, str]) -> None:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})

    try:
        configure(before | {"CHAOS": "1"})
    finally:
        configure(before)
    return True


FAULTS: dict[str, Callable[[Stack], bool]] = {
    "kill function": kill_function,
    "freeze function": freeze_function,
    "switch mapping": switch_mapping,
    "replace function": replace_function,
}


def run(stack: Stack, seed: int, step: Step, count: int = EVENTS) -> tuple[Ledger, Counter[str]]:
    """Puts events at a steady rate, some of them invalid, while the seed's faults happen.

    Args:
        stack: a stack that is up.
        seed: chooses events and faults.
        step: gets told how far it has come.
        count: number of events.

    Returns:
        The ledger and how often each fault happened.
    """
    chance = random.Random(seed)  # noqa: S311 - test data
    # Same keys, same shards for a seed.
    records = events.made_up(stack, count, seed, prefix=f"chaos-{seed}", keys=events.few_keys(count))
    expect = offline.expectations(stack.model)
    broken = {i for i in range(count) if chance.random() < INVALID_SHARE}
    answers = [None if i in broken else value for i, value in enumerate(expect([data for data, _ in records]))]
    sent = [(data[:-2] if i in broken else data, key) for i, (data, key) in enumerate(records)]
    happened: Counter[str] = Counter()
    stop = threading.Event()
    errors: list[Exception] = []

    def cause_faults() -> None:
        started = time.monotonic()
        try:
            for fault in schedule(seed, count / RATE):
                if stop.wait(max(0.0, started + fault.at - time.monotonic())):
                    return
                happened[fault.name] += FAULTS[fault.name](stack)
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=cause_faults)
    thread.start()
    try:
        result = ledger.run(stack, sent, lambda _: answers, step, RATE)
    finally:
        stop.set()
        thread.join()
    if errors:
        raise errors[0]
    return result, happened
