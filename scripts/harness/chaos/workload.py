"""Generates the events of a seed, some invalid and some with wrong dates, and their expected outcomes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

from harness import events
from harness.model import offline
from harness.stack.state import Stack

INVALID_SHARE = 0.02
SKEWED_SHARE = 0.05
SKEWED_DATES = ("1970-01-01", "2099-12-31")  # from producers with a wrong clock


@dataclass(frozen=True)
class Workload:
    """Records to put, and their expected outcomes.

    Attributes:
        records: data and partition key of each.
        answers: the expected prediction of each; None for those that must fail.
    """

    records: list[tuple[bytes, str]]
    answers: list[float | None]


def generate(stack: Stack, seed: int, count: int, *, invalid: bool) -> Workload:
    """Return the events of a seed. Their keys, and thus their shards, are always the same.

    Args:
        stack: a stack with a model.
        seed: any integer.
        count: number of events.
        invalid: whether some are invalid.
    """
    chance = random.Random(seed)  # noqa: S311 - test data
    made = events.made_up(stack, count, seed, prefix=f"chaos-{seed}", keys=events.few_keys(count))
    made = [_skewed(one, chance) if chance.random() < SKEWED_SHARE else one for one in made]
    expected = offline.expectations(stack.model)([data for data, _ in made])
    broken = {number for number in range(count) if chance.random() < INVALID_SHARE and invalid}
    return Workload(
        [(data[:-2] if number in broken else data, key) for number, (data, key) in enumerate(made)],
        [None if number in broken else value for number, value in enumerate(expected)],
    )


def _skewed(record: tuple[bytes, str], chance: random.Random) -> tuple[bytes, str]:
    event = json.loads(record[0])
    event["sales_input"]["date"] = chance.choice(SKEWED_DATES)
    return events.encode(event), record[1]
