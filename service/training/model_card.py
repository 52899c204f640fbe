"""Fills the model card with the run's own figures."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from store_sales.features import FEATURE_NAMES
from training.fitting import Fitted
from training.shapes import Choice
from training.splitting import Split, date_range
from training.store_profiles import RECENT_DAYS

TEMPLATE = Path(__file__).with_name("model_card.md")
YEAR = 365


@dataclass(frozen=True)
class Card:
    """The contents of the card."""

    source: str
    split: Split
    choice: Choice
    fitted: Fitted
    metrics: dict[str, float]


def model_card(card: Card, run_id: str) -> str:
    """Return the model card as Markdown."""
    training_first, training_last = date_range(card.split.open_days)
    hold_out_first, hold_out_last = date_range(card.split.hold_out)
    days = (training_last - training_first).days + 1
    figures = {name: f"{card.metrics[name]:.4f}" for name in ("rmspe", "baseline_rmspe", "mape", "baseline_mape")}
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        figures,
        run_id=run_id,
        created=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        source=card.source,
        training_first=training_first,
        training_last=training_last,
        training_rows=f"{len(card.split.open_days):,}",
        store_count=f"{len(card.fitted.profiles.stores):,}",
        hold_out_first=hold_out_first,
        hold_out_last=hold_out_last,
        hold_out_rows=f"{len(card.split.hold_out):,}",
        bias=f"{card.metrics['mean_relative_error']:+.4f}",
        baseline_bias=f"{card.metrics['baseline_mean_relative_error']:+.4f}",
        parity=f"{card.metrics['onnx_max_relative_difference']:.1e}",
        recent_days=RECENT_DAYS,
        trees=card.fitted.trees.n_iter_,
        features=", ".join(FEATURE_NAMES),
        shapes=_shapes(card.choice),
        closed_days=f"{card.split.closed_days:,}",
        span_note=f"here the training data span {days} days{'.' if days >= YEAR else ': the season is NOT learned.'}",
    )


def _shapes(choice: Choice) -> str:
    if not choice.scores:
        return "were not compared: there was too little data for it"
    tried = ", ".join(f"{name} {score:.4f}" for name, score in choice.scores)
    return f"were compared on windows of six weeks before the hold-out, by mean RMSPE: {tried}"
