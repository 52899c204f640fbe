"""Drift: how far the newest values of a feature are from those of the training data, as population stability index.

PSI = sum over bins of (now - training) * ln(now / training), with the bins' shares. The usual reading: below 0.1 the
distributions are alike, from 0.25 on they differ (N. Siddiqi, Credit Risk Scorecards, 2006). Few events make it large
by chance: without any drift it is about (1/n + 1/m) times a chi-squared value with one degree of freedom less than
there are bins (B. Yurdakul, Statistical Properties of Population Stability Index, 2018). So a value counts only above
the 99th percentile of that.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Any

from harness.model.evaluation import Distribution
from harness.model.hold_out import weekday

SOME, LARGE = 0.1, 0.25
LEAST = 100  # events
MOST_BINS = 10
CHANCE = 0.99
HALF = 0.5  # added to each bin's count, so that an empty one has a logarithm
OTHER, NONE = "not in training", "no value"


@dataclass
class Bins:
    """A feature's bins.

    Attributes:
        names: of the bins.
        training: rows of the training data in each.
        find: returns the number of a value's bin; None if training had no such value.
    """

    names: list[str]
    training: list[int]
    find: Callable[[Any], int | None]


def compare(known: Distribution, values: Iterable[Any]) -> dict[str, Any]:
    """Compare the newest values of a feature with the training data's.

    Args:
        known: the training data's distribution.
        values: as the events have them; None where an event has none.

    Returns:
        `name`, `events`, `psi`, the `chance` that it must exceed (both None without events), and the `verdict`
        (`stable`, `some`, `large`, or `few` with fewer than 100 events); `unknown`, the share of values that training
        never saw; and `bins` with `name`, and the shares `training` and `now`.
    """
    bins, seen = _bins(known), list(values)
    if known.part == "weekday":
        seen = [None if value is None else weekday(value) for value in seen]
    now = Counter(NONE if value is None else _place(bins, value) for value in seen)
    extra = [name for name in (OTHER, NONE) if now[name]]
    training = [*bins.training, *(0 for _ in extra)]
    counts = [now[place] for place in [*range(len(bins.names)), *extra]]
    value, chance = psi(training, counts), by_chance(len(counts), sum(training), len(seen))
    return {
        "name": known.name,
        "events": len(seen),
        "psi": value if seen else None,
        "chance": chance if seen else None,
        "verdict": verdict(value, chance, len(seen)),
        "unknown": now[OTHER] / len(seen) if seen else 0.0,
        "bins": [
            {"name": name, "training": _share(was, training), "now": _share(are, counts)}
            for name, was, are in zip([*bins.names, *extra], training, counts, strict=True)
        ],
    }


def psi(training: Sequence[int], now: Sequence[int]) -> float:
    """Return the population stability index of two sequences of counts by bin."""
    return math.fsum((b - a) * math.log(b / a) for a, b in zip(_shares(training), _shares(now), strict=True))


def by_chance(bins: int, training: int, now: int) -> float:
    """Return what PSI stays below in 99 of 100 cases if nothing has drifted; 0 where nothing can drift.

    Args:
        bins: their number.
        training: rows of the training data.
        now: events.
    """
    free = bins - 1
    if not (training and now and free):
        return 0.0
    # Wilson and Hilferty's approximation of the chi-squared quantile: within 1 % here, and no library of 30 MB.
    part = 2 / (9 * free)
    quantile = free * (1 - part + NormalDist().inv_cdf(CHANCE) * math.sqrt(part)) ** 3
    return quantile * (1 / training + 1 / now)


def verdict(value: float, chance: float, events: int) -> str:
    """Return `few`, `stable`, `some` or `large`."""
    if events < LEAST:
        return "few"
    if value < max(SOME, chance):
        return "stable"
    return "some" if value < LARGE else "large"


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts) + HALF * len(counts)
    return [(count + HALF) / total for count in counts]


def _share(count: int, counts: Sequence[int]) -> float:
    return count / total if (total := sum(counts)) else 0.0


def _place(bins: Bins, value: Any) -> int | str:
    found = bins.find(value)
    return OTHER if found is None else found


def _bins(known: Distribution) -> Bins:
    if known.edges is not None and isinstance(known.counts, list):
        return _of_numbers(known.edges, known.counts)
    assert isinstance(known.counts, dict)
    return _of_values(known.counts)


def _of_numbers(edges: list[float], counts: list[int]) -> Bins:
    texts = [f"{edge:,.6g}" for edge in edges]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    names = [f"up to {texts[0]}", *between, f"over {texts[-1]}"] if texts else ["any number"]

    def find(value: Any) -> int | None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return bisect_left(edges, value) if is_number else None

    return Bins(names, counts, find)


def _of_values(counts: dict[str, int]) -> Bins:
    """Return the bins of values; many are put together in their order, to bins of about equal share.

    With a bin for each of a hundred stores, chance alone would make a few hundred events look like drift.
    """
    groups: dict[int, list[str]] = {}
    total, so_far = max(1, sum(counts.values())), 0
    for number, (value, count) in enumerate(counts.items()):
        tenth = min(int((so_far + count / 2) / total * MOST_BINS), MOST_BINS - 1)
        groups.setdefault(number if len(counts) <= MOST_BINS else tenth, []).append(value)
        so_far += count
    return _named(list(groups.values()), counts)


def _named(groups: list[list[str]], counts: dict[str, int]) -> Bins:
    places = {value: number for number, group in enumerate(groups) for value in group}
    names = [group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}" for group in groups]
    training = [sum(counts[value] for value in group) for group in groups]
    return Bins(names, training, lambda value: places.get(_text(value)))


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
