"""Splits training data by time; closed days are left out."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from training.dataset import Dataset
from training.terminal import DataError

HOLD_OUT_DAYS = 42
MIN_TRAINING_DAYS = 56
MIN_TRAINING_ROWS, MIN_HOLD_OUT_ROWS = 40, 7


@dataclass(frozen=True)
class Split:
    """Open days, and the number of closed days left out.

    Attributes:
        training: before the hold-out; the model that is measured learns from these.
        hold_out: the last six weeks.
        open_days: both; the model that is served learns from all of them.
        closed_days: number of rows left out.
    """

    training: Dataset
    hold_out: Dataset
    open_days: Dataset
    closed_days: int


def split(data: Dataset) -> Split:
    """Leave out closed days and keep the last six weeks as the hold-out.

    Raises:
        DataError: there is too little data to train or to evaluate.
    """
    open_days = data.where(data.sales > 0)
    if not len(open_days):
        raise DataError("every row has sales 0; training needs open days (sales > 0)")
    first, last = open_days.dates.min(), open_days.dates.max()
    days, needed = int((last - first).astype(int)) + 1, MIN_TRAINING_DAYS + HOLD_OUT_DAYS
    if days < needed:
        raise DataError(
            f"too little data: open days from {first} to {last} span {days} days, but {needed} are needed: "
            f"{MIN_TRAINING_DAYS} to train and the last {HOLD_OUT_DAYS} to measure on"
        )
    held = open_days.dates > last - np.timedelta64(HOLD_OUT_DAYS, "D")
    rows, held_rows = int((~held).sum()), int(held.sum())
    if rows < MIN_TRAINING_ROWS or held_rows < MIN_HOLD_OUT_ROWS:
        raise DataError(
            f"too little data: {rows} open days to train and {held_rows} to measure on, "
            f"but {MIN_TRAINING_ROWS} and {MIN_HOLD_OUT_ROWS} are needed"
        )
    return Split(open_days.where(~held), open_days.where(held), open_days, len(data) - len(open_days))


def date_range(data: Dataset) -> tuple[dt.date, dt.date]:
    """Return the first and the last day."""
    first, last = data.dates.min().item(), data.dates.max().item()
    return first, last
