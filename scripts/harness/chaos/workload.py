"""Generates the events of a seed, some of them invalid, and their expected outcomes."""

from __future__ import annotations

import random
from dataclasses import dataclass

from harness import events
from harness.ledger import expected
from harness.stack.state import Stack

INVALID_SHARE = 0.02


@dataclass(frozen=True)
class Workload:
    """Records to put, and their expected outcomes.

    Attributes:
        records: data and partition key of each.
        answers: what the answer to each must have; None for those that must fail.
    """

    records: list[tuple[bytes, str]]
    answers: expected.Answers


def generate(stack: Stack, seed: int, count: int, *, invalid: bool) -> Workload:
    """Return the events of a seed. Their keys, and thus their shards, are always the same.

    Args:
        stack: a running stack.
        seed: any integer.
        count: number of events.
        invalid: whether some are invalid; never if the pipeline keeps failed events nowhere.
    """
    chance = random.Random(seed)  # noqa: S311 - test data
    made = events.made_up(stack, count, seed, prefix=f"chaos-{seed}", keys=events.few_keys(count))
    answers = expected.of(stack)([data for data, _ in made])
    invalid = invalid and stack.resources.failed_events is not None
    broken = {number for number in range(count) if chance.random() < INVALID_SHARE and invalid}
    return Workload(
        [(data[:-2] if number in broken else data, key) for number, (data, key) in enumerate(made)],
        [None if number in broken else value for number, value in enumerate(answers)],
    )
