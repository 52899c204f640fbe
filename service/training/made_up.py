"""Makes up sales events on the days after the training data."""

import datetime as dt
import random
from collections.abc import Mapping
from typing import Any

DAYS = 42
HOLIDAYS = 0.03
SKEWED = 0.02
SKEWED_DATES = ("1970-01-01", "2099-12-31")
"""From producers with a wrong clock; the function answers them, too."""


def event(chance: random.Random, model: Mapping[str, Any]) -> dict[str, Any]:
    """Make up an event; `events.made_up` of pipeline.toml.

    Args:
        chance: the seeded source of everything random.
        model: a training result; has the `stores` that the model knows and the `date_range` of its training data.
    """
    last = dt.date.fromisoformat(model["date_range"][1])
    day = (last + dt.timedelta(days=chance.randint(1, DAYS))).isoformat()
    return {
        "sales_input": {
            "date": chance.choice(SKEWED_DATES) if chance.random() < SKEWED else day,
            "store": chance.choice(model["stores"]),
            "promo": chance.randint(0, 1),
            "holiday": int(chance.random() < HOLIDAYS),
        },
        "sales_id": f"{chance.getrandbits(48):x}",
    }
