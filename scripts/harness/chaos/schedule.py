"""Selects which faults happen when, reproducibly by seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.chaos import external_faults
from harness.stack import emulator_faults
from harness.stack.state import Stack

FIRST_FAULT, LAST_FAULT = 0.1, 0.9  # shares of the time for all puts; before and after, the stream is undisturbed
EVERY_SECONDS = 2.0
KILL = "kill LocalStack"
# Each kill takes up to a minute. Kills happen in the middle of the stream, which flows before and after.
ONE_KILL_SECONDS, TWO_KILLS_SECONDS = 20.0, 300.0
SHORT_KILL_SHARE = 0.05  # of shorter schedules
PLACES_OF_KILLS: dict[int, tuple[tuple[float, float], ...]] = {0: (), 1: ((0.4, 0.6),), 2: ((0.2, 0.4), (0.6, 0.8))}

# The faults to draw from. Killing LocalStack is not among them, because it is rare and expensive.
FAULTS: dict[str, Callable[[Stack], int]] = {**external_faults.FAULTS, **emulator_faults.FAULTS}
ALL: dict[str, Callable[[Stack], int]] = {**FAULTS, KILL: external_faults.kill_localstack}


@dataclass(frozen=True)
class Fault:
    """One fault of a schedule.

    Attributes:
        at: the time, measured in seconds' worth of events put; an outage of the stream delays it.
        name: one of `ALL`.
    """

    at: float
    name: str


def schedule(seed: int, seconds: float, *, kill: bool = False) -> list[Fault]:
    """Return the faults of a seed in chronological order. The same arguments give the same faults.

    Args:
        seed: any integer.
        seconds: how long putting the events would take without faults.
        kill: whether LocalStack may be killed; the other faults do not depend on it.
    """
    chance = random.Random(seed)  # noqa: S311 - a test schedule
    count = max(1, int(seconds / EVERY_SECONDS))
    times = sorted(chance.uniform(FIRST_FAULT, LAST_FAULT) * seconds for _ in range(count))
    faults = [Fault(round(at, 2), chance.choice(sorted(FAULTS))) for at in times]
    return sorted([*faults, *(_kills(seed, seconds) if kill else ())], key=lambda fault: fault.at)


def _kills(seed: int, seconds: float) -> list[Fault]:
    chance = random.Random(f"{seed} {KILL}")  # noqa: S311 - a test schedule
    drawn = chance.random() < SHORT_KILL_SHARE
    number = 2 if seconds >= TWO_KILLS_SECONDS else 1 if seconds >= ONE_KILL_SECONDS or drawn else 0
    return [Fault(round(chance.uniform(*place) * seconds, 2), KILL) for place in PLACES_OF_KILLS[number]]
