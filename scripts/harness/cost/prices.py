"""AWS's public list prices, of `prices.json`: change that file when a pricing page says otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError
from harness.paths import shown

PATH = Path(__file__).with_name("prices.json")
REFERENCE = "us-east-1"  # its price stands in where a region's is not known


@dataclass(frozen=True)
class Price:
    """What one unit costs.

    Attributes:
        usd: list price in US dollars, before tax, without free tier.
        unit: what it buys.
        page: AWS's pricing page.
        stands_in: whether it is the reference region's, because this region's is not known.
    """

    usd: float
    unit: str
    page: str
    stands_in: bool


@dataclass(frozen=True)
class Prices:
    """All prices of a region.

    Attributes:
        region: AWS region.
        as_of: the day they were written down, ISO 8601.
        by_name: price by its name in the file.
    """

    region: str
    as_of: str
    by_name: Mapping[str, Price]

    def usd(self, name: str) -> float:
        """The price of that name in US dollars."""
        return self.by_name[name].usd

    def stands_in(self, *names: str) -> bool:
        """Whether one of these prices is another region's."""
        return any(self.by_name[name].stands_in for name in names)


def load(region: str, path: Path = PATH) -> Prices:
    """Reads a region's prices.

    Args:
        region: AWS region.
        path: the file.

    Raises:
        HarnessError: there are none for that region.
    """
    content = json.loads(path.read_text(encoding="utf-8"))
    by_name = {}
    for name, entry in content["prices"].items():
        known = entry["usd"]
        if region not in known:
            raise HarnessError(
                f"no prices of region {region} are known, only of {', '.join(known)}",
                f"add them to {shown(path)}, from AWS's pricing pages that it names",
            )
        own = known[region]
        by_name[name] = Price(known[REFERENCE] if own is None else own, entry["unit"], entry["page"], own is None)
    return Prices(region, content["as_of"], by_name)
