"""Plots predicted against actual sales of the hold-out."""

from pathlib import Path

import matplotlib.dates as mdates
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from training.dataset import Dataset

BLUE, ORANGE, GREY = "#1f5a94", "#d1690e", "#6b6b6b"
Floats = NDArray[np.float64]


def save_plot(path: Path, hold_out: Dataset, predicted: Floats, rmspe: float, baseline_rmspe: float) -> None:
    """Write a PNG: one point per store and day, and the daily sum of all stores."""
    figure = Figure(figsize=(12.5, 5.6), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"Hold-out: RMSPE {rmspe:.3f}, baseline {baseline_rmspe:.3f} ({len(hold_out):,} open days)", fontsize=14
    )
    points, days = figure.subplots(1, 2, width_ratios=(1, 1.35))
    _draw_points(points, hold_out.sales, predicted)
    _draw_days(days, hold_out, predicted)
    figure.savefig(path)


def _draw_points(axes: Axes, actual: Floats, predicted: Floats) -> None:
    # Clip the extremes, so that a few outliers do not squeeze all other days into a corner.
    both = np.concatenate([actual, predicted])
    low, high = float(np.quantile(both, 0.0005)) * 0.95, float(np.quantile(both, 0.9995)) * 1.05
    axes.scatter(actual, predicted, s=7, alpha=0.3, color=BLUE, linewidths=0, label="a store on a day", rasterized=True)
    axes.plot([low, high], [low, high], color=ORANGE, linewidth=1.4, label="predicted = actual")
    axes.set(
        xlim=(low, high), ylim=(low, high), xlabel="actual sales", ylabel="predicted sales", title="Each store and day"
    )
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(_thousands))
    legend = axes.legend(loc="upper left", frameon=False, markerscale=2)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    _tidy(axes)


def _draw_days(axes: Axes, hold_out: Dataset, predicted: Floats) -> None:
    dates, group = np.unique(hold_out.dates, return_inverse=True)
    actual_sums, predicted_sums = (np.bincount(group, weights=values) for values in (hold_out.sales, predicted))
    axes.plot(dates, actual_sums, color=GREY, linewidth=1.6, marker="o", markersize=3.5, label="actual")
    axes.plot(dates, predicted_sums, color=BLUE, linewidth=1.6, marker="o", markersize=3.5, label="predicted")
    axes.set(xlabel="day", ylabel="sales of all stores", title="Sum of all stores open that day")
    axes.set_ylim(0, float(max(actual_sums.max(), predicted_sums.max())) * 1.18)
    axes.yaxis.set_major_formatter(FuncFormatter(_thousands))
    axes.xaxis.set_major_locator(mdates.WeekdayLocator(mdates.MO))
    axes.xaxis.set_major_formatter(mdates.DateFormatter("%d %b %Y"))
    axes.tick_params(axis="x", labelrotation=30)
    axes.legend(loc="upper right", frameon=False, ncols=2)
    _tidy(axes)


def _thousands(value: float, _position: int | None) -> str:
    return f"{value:,.0f}"


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e4e4e4", linewidth=0.7)
    axes.set_axisbelow(True)
