"""The model's features; training and serving both compute them here.

Needs numpy only, because the function ships no pandas. Features use date, store, promo, holiday and what training
learned about the store, because an event carries nothing else.
"""

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from store_sales.profiles import StoreProfiles

FEATURE_NAMES = (
    "expected_log_sales",  # level + day effect + recent; the model learns the deviation from it
    "store_level",
    "store_day_effect",
    "store_recent",
    "store_trend",
    "promo",
    "holiday",
    "weekday",
    "day_of_month",
    "days_to_month_end",
    "day_of_year",
    "days_from_easter",
    "year",
)
EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()
BASE_FEATURE = FEATURE_NAMES.index("expected_log_sales")

Days = NDArray[np.datetime64]
Ints = NDArray[np.int64]


def feature_matrix(
    dates: Sequence[dt.date] | Days,
    stores: Sequence[int],
    promos: Sequence[int] | Ints,
    holidays: Sequence[int] | Ints,
    profiles: StoreProfiles,
    calendar: Callable[[Days], NDArray[np.float32]] | None = None,
) -> NDArray[np.float32]:
    """Return the features of n days of sales: shape (n, len(FEATURE_NAMES)), float32, the ONNX model's input type.

    `calendar` replaces `calendar_matrix`.
    """
    promo = np.asarray(promos, dtype=np.int64)
    row = profiles.rows(stores)
    calendar_part = (calendar or calendar_matrix)(days_of(dates))
    level, recent = profiles.level[row], profiles.recent[row]
    effect = profiles.day_effect[row, promo, calendar_part[:, 0].astype(np.intp)]
    matrix = np.empty((len(row), len(FEATURE_NAMES)), dtype=np.float32)
    store_part = (level + effect + recent, level, effect, recent, profiles.trend[row], promo, holidays)
    for column, values in enumerate(store_part):
        matrix[:, column] = values
    matrix[:, len(store_part) :] = calendar_part
    return matrix


def days_of(dates: Sequence[dt.date] | Days) -> Days:
    """Return the dates as numpy's days. By way of their ordinals, because numpy takes a microsecond for a `date`."""
    if isinstance(dates, np.ndarray):
        return dates.astype("datetime64[D]")
    ordinals = np.array([date.toordinal() for date in dates], dtype=np.int64)
    return (ordinals - EPOCH_ORDINAL).astype("datetime64[D]")


def calendar_matrix(days: Days) -> NDArray[np.float32]:
    """Return the features that depend on the date alone, shape (n, 6), in the order of FEATURE_NAMES."""
    return np.column_stack(list(calendar_features(days).values())).astype(np.float32)


class CalendarCache:
    """`calendar_matrix` for streams: batches have the same few days again and again. Not thread-safe."""

    MOST_DAYS = 10_000

    def __init__(self) -> None:
        """Start without a day."""
        self._rows: dict[int, int] = {}
        self._table = np.empty((0, 6), dtype=np.float32)

    def __call__(self, days: Days) -> NDArray[np.float32]:
        """Return what `calendar_matrix` returns."""
        numbers = days.astype(np.int64).tolist()
        try:
            return self._table[[self._rows[number] for number in numbers]]
        except KeyError:
            self._learn(set(numbers))
            return self._table[[self._rows[number] for number in numbers]]

    def _learn(self, numbers: set[int]) -> None:
        if len(self._rows) + len(numbers) > self.MOST_DAYS:
            self._rows, self._table = {}, self._table[:0]
        new = sorted(numbers - self._rows.keys())
        self._rows.update(zip(new, range(len(self._table), len(self._table) + len(new)), strict=True))
        self._table = np.concatenate([self._table, calendar_matrix(np.array(new).astype("datetime64[D]"))])


def calendar_features(days: Days) -> dict[str, Ints]:
    """Return the features that depend on the date alone: integers by feature name, in their order, of shape (n,)."""
    month = days.astype("datetime64[M]")
    year = days.astype("datetime64[Y]")
    years = year.astype(np.int64) + 1970
    return {
        "weekday": (days.astype(np.int64) + 3) % 7,  # 1970-01-01 was a Thursday; Monday is 0
        "day_of_month": _days(days, month) + 1,
        "days_to_month_end": _days((month + np.timedelta64(1, "M")).astype("datetime64[D]"), days) - 1,
        "day_of_year": _days(days, year) + 1,
        "days_from_easter": _days_from_nearest(days, [easter(years + shift) for shift in (-1, 0, 1)]),
        "year": years,
    }


def easter(years: Ints) -> Days:
    """Return Easter Sunday of each Gregorian year, shape as given.

    The anonymous Gregorian algorithm, from J. Meeus, Astronomical Algorithms, 1991, chapter 8. Most movable holidays
    of Western countries (Good Friday to Corpus Christi) fall a fixed number of days from it.
    """
    golden, century, rest = years % 19, years // 100, years % 100
    corrected = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - corrected + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * weekday) // 451
    number = moon + weekday - 7 * late + 114
    return _date(years, number // 31, number % 31 + 1)


def _date(years: Ints, months: Ints, days: Ints) -> Days:
    first = ((years - 1970) * 12 + months - 1).astype("datetime64[M]").astype("datetime64[D]")
    dates: Days = first + (days - 1).astype("timedelta64[D]")
    return dates


def _days(later: Days, earlier: Days) -> Ints:
    days: Ints = (later - earlier.astype("datetime64[D]")).astype(np.int64)
    return days


def _days_from_nearest(days: Days, feasts: Sequence[Days]) -> Ints:
    """Return the signed distance in days to the nearest feast; negative before it."""
    distances = np.stack([_days(days, feast) for feast in feasts])
    nearest = np.abs(distances).argmin(axis=0)
    signed: Ints = np.take_along_axis(distances, nearest[np.newaxis], axis=0)[0]
    return signed
