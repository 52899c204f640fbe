"""What training learned about each store: level, effects of promotion and weekday, recent level, trend.

The trees see a store only through these figures. A store that training never saw gets the average store's figures
instead of an arbitrary branch. They are stored in the ONNX file's metadata, so model and profiles always match.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

PROMO_VALUES, WEEKDAYS = 2, 7
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class StoreProfiles:
    """Figures of n stores, in natural logarithms of sales; row n is the average store, used for unknown stores.

    Attributes:
        stores: the n known store numbers.
        level: shape (n + 1,), mean log sales.
        day_effect: shape (n + 1, 2, 7), what promotion (0, 1) and weekday (Monday is 0) add to the level.
        recent: shape (n + 1,), what the last weeks of training add to the level.
        trend: shape (n + 1,), slope per year over the training range.
    """

    stores: tuple[int, ...]
    level: FloatArray
    day_effect: FloatArray
    recent: FloatArray
    trend: FloatArray

    def __post_init__(self) -> None:
        rows = len(self.stores) + 1
        shapes = {
            "level": (rows,),
            "day_effect": (rows, PROMO_VALUES, WEEKDAYS),
            "recent": (rows,),
            "trend": (rows,),
        }
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"store profiles: {name} is not {shape} finite numbers (got shape {values.shape})")
        if len(set(self.stores)) != len(self.stores):
            raise ValueError("store profiles: a store is listed twice")

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {store: row for row, store in enumerate(self.stores)}

    def known(self, store: int) -> bool:
        """Return whether training saw this store."""
        return store in self._rows

    def rows(self, stores: Sequence[int]) -> NDArray[np.intp]:
        """Return the row of each store, shape (len(stores),); store numbers may be arbitrarily large."""
        average = len(self.stores)
        return np.array([self._rows.get(store, average) for store in stores], dtype=np.intp)

    def to_json(self) -> str:
        """Return the profiles as lossless JSON text."""
        fields = {name: getattr(self, name).tolist() for name in ("level", "day_effect", "recent", "trend")}
        return json.dumps({"stores": list(self.stores), **fields})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Raises:
            ValueError: the text is not JSON, or a field is missing or has the wrong shape.
        """
        document: dict[str, Any] = json.loads(text)
        try:
            arrays = {
                name: np.asarray(document[name], dtype=np.float64)
                for name in ("level", "day_effect", "recent", "trend")
            }
            return cls(stores=tuple(int(store) for store in document["stores"]), **arrays)
        except (KeyError, TypeError) as error:
            raise ValueError(f"store profiles: {error!r}") from error
