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
# Each kill takes up to a minute. Each happens in the middle of its part of the time: the stream flows before and after.
ONE_KILL_SECONDS, TWO_KILLS_SECONDS = 20.0, 300.0
SHORT_KILL_SHARE = 0.05  # of shorter schedules
MIDDLE = 0.25, 0.75

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


def schedule(seed: int, seconds: float, *, kill: bool = False, kills: int | None = None) -> list[Fault]:
    """Return the faults of a seed in chronological order. The same arguments give the same faults.

    Args:
        seed: any integer.
        seconds: how long putting the events would take without faults.
        kill: whether LocalStack may be killed; the other faults do not depend on it.
        kills: how often it is then killed; None to let the time decide.
    """
    chance = random.Random(seed)  # noqa: S311 - a test schedule
    count = max(1, int(seconds / EVERY_SECONDS))
    times = sorted(chance.uniform(FIRST_FAULT, LAST_FAULT) * seconds for _ in range(count))
    faults = [Fault(round(at, 2), chance.choice(sorted(FAULTS))) for at in times]
    return sorted([*faults, *(_kills(seed, seconds, kills) if kill else ())], key=lambda fault: fault.at)


def _kills(seed: int, seconds: float, number: int | None) -> list[Fault]:
    chance = random.Random(f"{seed} {KILL}")  # noqa: S311 - a test schedule
    drawn = chance.random() < SHORT_KILL_SHARE
    if number is None:
        number = 2 if seconds >= TWO_KILLS_SECONDS else 1 if seconds >= ONE_KILL_SECONDS or drawn else 0
    parts = [(part + chance.uniform(*MIDDLE)) / number for part in range(number)]
    return [Fault(round((FIRST_FAULT + (LAST_FAULT - FIRST_FAULT) * part) * seconds, 2), KILL) for part in parts]
