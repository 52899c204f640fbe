"""Figures and their spread."""

from __future__ import annotations

import pytest

from benchmarks.bench import figures


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 5), (0.9, 9), (0.99, 10), (1.0, 10)])
def test_a_percentile_is_the_nearest_rank(share: float, expected: float) -> None:
    assert figures.percentile([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], share) == expected


def test_a_single_sample_is_every_percentile() -> None:
    assert figures.percentile([7.0], 0.5) == figures.percentile([7.0], 0.99) == 7.0


def test_rounds_give_median_and_extremes() -> None:
    figure = figures.of_rounds([30.0, 10.0, 11.0], "ms")
    assert (figure.value, figure.low, figure.high, figure.rounds) == (11.0, 10.0, 30.0, 3)
    assert figure.text() == "11.0 (10.0-30.0) ms"


def test_samples_give_the_percentile_of_all_and_its_spread_over_the_rounds() -> None:
    figure = figures.of_samples([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], []], 0.5, "ms")
    assert (figure.value, figure.low, figure.high, figure.rounds) == (3.0, 2.0, 5.0, 2)


def test_one_round_has_no_spread() -> None:
    assert figures.of_rounds([1234.5], "MiB").text() == "1,234 MiB"


def test_a_missing_figure_shows_no_number() -> None:
    assert figures.unmeasured("ms", "no network").text() == "not measured"
