"""A seeded schedule of faults over a steady stream, ended by the ledger's verdict.

Nothing of this is in the deployed function: faults come from outside, or from the emulator around it.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from harness import events, ledger, offline
from harness.chaos import injected, outside
from harness.console import Step
from harness.ledger import Ledger
from harness.stack import Stack

RATE = 100.0
EVENTS = 2_000
FIRST_FAULT, LAST_FAULT = 0.1, 0.9  # of the time the events take to be put: the stream flows before and after
FAULT_EVERY_SECONDS = 2.0
INVALID_SHARE = 0.02
SKEWED_SHARE = 0.05
SKEWED_DATES = ("1970-01-01", "2099-12-31")  # of producers whose clock is wrong


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


FAULTS: dict[str, Callable[[Stack], int]] = {**outside.FAULTS, **injected.FAULTS}


def run(stack: Stack, seed: int, step: Step, count: int = EVENTS) -> tuple[Ledger, Counter[str]]:
    """Puts events at a steady rate, some invalid and some of a wrong time, while the seed's faults happen.

    Args:
        stack: a stack that is up.
        seed: chooses events and faults.
        step: gets told how far it has come.
        count: number of events.

    Returns:
        The ledger and how often each fault happened.

    Raises:
        HarnessError: the stack injects no faults.
    """
    injected.request(stack, "GET")  # known before anything is put
    chance = random.Random(seed)  # noqa: S311 - test data
    # Same keys, same shards for a seed.
    records = events.made_up(stack, count, seed, prefix=f"chaos-{seed}", keys=events.few_keys(count))
    records = [_skewed(one, chance) if chance.random() < SKEWED_SHARE else one for one in records]
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


def _skewed(record: tuple[bytes, str], chance: random.Random) -> tuple[bytes, str]:
    event = json.loads(record[0])
    event["sales_input"]["date"] = chance.choice(SKEWED_DATES)
    return events.encode(event), record[1]
