"""Learns the store profiles: an additive model of log sales that shrinks small groups towards the average."""

import numpy as np
from numpy.typing import NDArray

from store_sales.features import calendar_features
from store_sales.profiles import PROMO_VALUES, WEEKDAYS, StoreProfiles
from training.dataset import Dataset

RECENT_DAYS = 91
SHRINKAGE_DAYS = 10.0
"""A group of this many days ends half-way between its own mean and the average store's."""

Floats = NDArray[np.float64]
Index = NDArray[np.intp]


def fit_profiles(open_days: Dataset) -> StoreProfiles:
    """Learn the profiles of all stores from open days (sales > 0)."""
    stores, store = np.unique(open_days.stores, return_inverse=True)
    weekday = calendar_features(open_days.dates)["weekday"]
    day = open_days.promos * WEEKDAYS + weekday
    log_sales = np.log(open_days.sales)

    level, rest = _remove_mean(log_sales, store, len(stores), shrinkage=0.0)
    kinds = PROMO_VALUES * WEEKDAYS
    common_effect, rest = _remove_mean(rest, day, kinds, shrinkage=0.0)
    own_effect, rest = _remove_mean(rest, store * kinds + day, len(stores) * kinds, SHRINKAGE_DAYS)
    effect = np.vstack([common_effect + own_effect.reshape(-1, kinds), common_effect])

    number = open_days.dates.astype(np.int64)
    last = number > number.max() - RECENT_DAYS
    recent = _means(rest[last], store[last], len(stores), SHRINKAGE_DAYS)
    trend = _slopes(rest, (number - number.mean()) / 365.25, store, len(stores))
    return StoreProfiles(
        stores=tuple(int(number) for number in stores),
        level=_with_average(level),
        day_effect=effect.reshape(-1, PROMO_VALUES, WEEKDAYS),
        recent=_with_average(recent),
        trend=_with_average(trend),
    )


def _remove_mean(values: Floats, group: Index, groups: int, shrinkage: float) -> tuple[Floats, Floats]:
    """Return the mean of each group, shape (groups,), and the residuals, shape (n,)."""
    means = _means(values, group, groups, shrinkage)
    return means, values - means[group]


def _means(values: Floats, group: Index, groups: int, shrinkage: float) -> Floats:
    """Return sum / (count + shrinkage) of each group, shape (groups,); 0 for an empty group."""
    sums = np.bincount(group, weights=values, minlength=groups)
    counts = np.bincount(group, minlength=groups) + shrinkage
    means: Floats = np.divide(sums, counts, out=np.zeros(groups), where=counts > 0)
    return means


def _slopes(values: Floats, years: Floats, group: Index, groups: int) -> Floats:
    """Return the least-squares slope through the origin of each group, shape (groups,), per year."""
    products = np.bincount(group, weights=values * years, minlength=groups)
    squares = np.bincount(group, weights=years**2, minlength=groups)
    return np.divide(products, squares, out=np.zeros(groups), where=squares > 0)


def _with_average(values: Floats) -> Floats:
    return np.append(values, values.mean())
