"""Which faults happen when: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from harness.chaos import emulator_faults, external_faults
from harness.stack import Stack

FIRST_FAULT, LAST_FAULT = 0.1, 0.9  # of the time the events take to be put: the stream flows before and after
EVERY_SECONDS = 2.0
KILL = "kill LocalStack"
# Each kill costs up to a minute. Amid the stream, so that it flows before and after.
ONE_KILL_SECONDS, TWO_KILLS_SECONDS = 20.0, 300.0
SHORT_KILL_SHARE = 0.05  # of the schedules that are shorter
PLACES_OF_KILLS: dict[int, tuple[tuple[float, float], ...]] = {0: (), 1: ((0.4, 0.6),), 2: ((0.2, 0.4), (0.6, 0.8))}

# Drawn from; LocalStack's own end is not, since it is rare and costly.
FAULTS: dict[str, Callable[[Stack], int]] = {**external_faults.FAULTS, **emulator_faults.FAULTS}
ALL: dict[str, Callable[[Stack], int]] = {**FAULTS, KILL: external_faults.kill_localstack}


@dataclass(frozen=True)
class Fault:
    """One fault of a schedule.

    Attributes:
        at: when so many seconds' events have been put; an outage of the stream moves it.
        name: which of `ALL`.
    """

    at: float
    name: str


def schedule(seed: int, seconds: float, *, kill: bool = False) -> list[Fault]:
    """The faults of a seed, in the order of their time; the same arguments give the same ones.

    Args:
        seed: any integer.
        seconds: how long the events would take to be put without faults.
        kill: whether LocalStack itself may be killed; the other faults are the same with it and without.
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
