"""Figures of repeated measurements, each with its spread."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured quantity.

    Attributes:
        unit: of the values.
        value: the figure; None if it was not measured.
        low: smallest value of a round.
        high: largest value of a round.
        rounds: number of rounds.
        remark: belongs with the figure: why it is missing, a deadline that cut it short, lost events.
    """

    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    rounds: int = 0
    remark: str = ""

    def text(self) -> str:
        """The figure for a table: `36.7 (35.1-41.0) ms`."""
        if self.value is None or self.low is None or self.high is None:
            return "not measured"
        spread = f" ({_rounded(self.low)}-{_rounded(self.high)})" if self.rounds > 1 else ""
        return f"{_rounded(self.value)}{spread} {self.unit}"

    def as_dict(self) -> dict[str, Any]:
        """The figure for JSON."""
        return asdict(self)


def unmeasured(unit: str, reason: str) -> Figure:
    """A missing figure, and the reason."""
    return Figure(unit, remark=reason)


def of_rounds(values: Sequence[float], unit: str, remark: str = "") -> Figure:
    """The median of one value per round, with the smallest and the largest."""
    return Figure(unit, statistics.median(values), min(values), max(values), len(values), remark)


def of_samples(rounds: Sequence[Sequence[float]], share: float, unit: str, remark: str = "") -> Figure:
    """A percentile of all samples; its spread is that of the same percentile over the rounds.

    Args:
        rounds: the samples of each round, at least one in all.
        share: of the samples below the figure, 0 to 1.
        unit: of the samples.
        remark: shown with the figure.
    """
    filled = [samples for samples in rounds if samples]
    each = [percentile(samples, share) for samples in filled]
    whole = percentile([sample for samples in filled for sample in samples], share)
    return Figure(unit, whole, min(each), max(each), len(each), remark)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, math.ceil(len(ranked) * share) - 1))]


def _rounded(value: float) -> str:
    """Three significant digits, and integers in full; more digits would not repeat between rounds."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"
