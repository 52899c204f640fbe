"""Chooses how large the trees are: tries a few shapes on windows of time before the hold-out."""

import functools
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from training.dataset import Dataset
from training.fitting import PARAMETERS, fit, rmspe
from training.splitting import HOLD_OUT_DAYS, MIN_HOLD_OUT_ROWS, MIN_TRAINING_DAYS, MIN_TRAINING_ROWS
from training.terminal import step

# The first is the default: it is taken if there is too little data to compare.
SHAPES: tuple[dict[str, int], ...] = (
    {"max_leaf_nodes": 31, "max_iter": 300},
    {"max_leaf_nodes": 8, "max_iter": 300},
    {"max_leaf_nodes": 8, "max_iter": 600},
)
WINDOWS = 2
# Bounds the time on large data: some stores stand for all. Leaving out days instead led to too small trees.
MAX_ROWS = 80_000


class Choice(NamedTuple):
    """What the search found.

    Attributes:
        parameters: of the trees, for `fit`.
        scores: mean RMSPE over the windows by shape, best first; empty if there was too little data.
    """

    parameters: dict[str, object]
    scores: list[tuple[str, float]]


def choose(training: Dataset) -> Choice:
    """Return the shape with the smallest mean RMSPE over the last windows of open days, sorted by date."""
    windows = list(_windows(_some_stores(training)))
    if not windows:
        return Choice(dict(PARAMETERS), [])
    found: list[tuple[float, int]] = []
    # One thread for each window; with more for each fit, the sums would depend on the machine.
    with ThreadPoolExecutor(WINDOWS) as pool, threadpool_limits(1, user_api="openmp"):
        for number, shape in enumerate(SHAPES):
            with step(f"try {_name(shape)}") as note:
                scores = list(pool.map(functools.partial(_score, shape), windows))
                found.append((float(np.mean(scores)), number))
                note(f"RMSPE {found[-1][0]:.4f} in the {len(windows)} windows before the hold-out")
    ranked = sorted(found)
    best = SHAPES[ranked[0][1]]
    return Choice({**PARAMETERS, **best}, [(_name(SHAPES[number]), score) for score, number in ranked])


def _some_stores(data: Dataset) -> Dataset:
    """Return evenly spaced stores with about `MAX_ROWS` rows, or all data if it has fewer."""
    stores = np.unique(data.stores)
    return data.where(np.isin(data.stores, stores[:: math.ceil(len(data) / MAX_ROWS)]))


def _windows(data: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    """Yield what to train on and what to measure on, for windows as long as the hold-out."""
    first, last = data.dates.min(), data.dates.max()
    for number in range(WINDOWS):
        end = last - np.timedelta64(number * HOLD_OUT_DAYS, "D")
        start = end - np.timedelta64(HOLD_OUT_DAYS, "D")
        before, within = data.where(data.dates <= start), data.where((data.dates > start) & (data.dates <= end))
        enough = len(before) >= MIN_TRAINING_ROWS and len(within) >= MIN_HOLD_OUT_ROWS
        if enough and int((start - first).astype(int)) >= MIN_TRAINING_DAYS:
            yield before, within


def _score(shape: dict[str, int], window: tuple[Dataset, Dataset]) -> float:
    before, within = window
    fitted = fit(before, {**PARAMETERS, **shape})
    return rmspe(within.sales, fitted.predict(fitted.features(within)))


def _name(shape: dict[str, int]) -> str:
    return f"{shape['max_iter']} trees of {shape['max_leaf_nodes']} leaves"
