"""The features, one by one and all at once."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store_sales.features import (
    FEATURE_NAMES,
    CalendarCache,
    calendar_features,
    calendar_matrix,
    days_of,
    easter,
    feature_matrix,
)
from store_sales.profiles import StoreProfiles

PROFILES = StoreProfiles(
    stores=(4, 9),
    level=np.array([8.0, 9.0, 8.5]),
    day_effect=np.arange(3 * 2 * 7).reshape(3, 2, 7) / 100,
    recent=np.array([0.1, -0.1, 0.0]),
    trend=np.array([0.5, 0.25, 0.375]),
)


def features_of(date: dt.date, store: int = 4, promo: int = 0, holiday: int = 0) -> dict[str, float]:
    row = feature_matrix([date], [store], [promo], [holiday], PROFILES)[0]
    return dict(zip(FEATURE_NAMES, row.tolist(), strict=True))


# Dates published by the churches; 1818 and 2285 have the earliest possible day, 1943 and 2038 the latest.
@pytest.mark.parametrize(
    "date",
    ["1818-03-22", "1943-04-25", "1954-04-18", "1981-04-19", "2000-04-23", "2013-03-31", "2014-04-20", "2015-04-05",
     "2022-04-17", "2024-03-31", "2038-04-25", "2049-04-18", "2285-03-22"],
)  # fmt: skip
def test_easter(date: str) -> None:
    expected = dt.date.fromisoformat(date)
    assert easter(np.array([expected.year]))[0].item() == expected


@given(st.integers(1583, 9999))
def test_easter_is_a_sunday_in_its_range(year: int) -> None:
    day = easter(np.array([year]))[0].item()
    assert day.weekday() == 6
    assert dt.date(year, 3, 22) <= day <= dt.date(year, 4, 25)


@given(st.dates())
def test_calendar_features_agree_with_the_standard_library(date: dt.date) -> None:
    found = {name: values.item() for name, values in calendar_features(np.array([date], dtype="datetime64[D]")).items()}
    tomorrow_is_next_month = date != dt.date.max and (date + dt.timedelta(days=1)).month != date.month
    assert found["weekday"] == date.weekday()
    assert found["day_of_month"] == date.day
    assert found["day_of_year"] == date.timetuple().tm_yday
    assert found["year"] == date.year
    assert (found["days_to_month_end"] == 0) == (tomorrow_is_next_month or date == dt.date.max)
    assert 27 <= found["day_of_month"] + found["days_to_month_end"] - 1 <= 30
    assert abs(found["days_from_easter"]) <= 200


def test_days_from_easter_are_signed_and_cross_the_year() -> None:
    assert features_of(dt.date(2015, 4, 3))["days_from_easter"] == -2  # Good Friday
    assert features_of(dt.date(2015, 5, 14))["days_from_easter"] == 39  # Ascension Day
    assert features_of(dt.date(2014, 12, 31))["days_from_easter"] == -95  # nearer to 2015-04-05 than to 2014-04-20


def test_store_features() -> None:
    found = features_of(dt.date(2024, 7, 3), store=9, promo=1, holiday=1)  # a Wednesday
    effect = PROFILES.day_effect[1, 1, 2]
    assert found["expected_log_sales"] == pytest.approx(9.0 + effect - 0.1)
    assert (found["store_level"], found["store_trend"]) == (9.0, 0.25)
    assert found["store_day_effect"] == pytest.approx(effect)
    assert (found["promo"], found["holiday"], found["weekday"]) == (1, 1, 2)


def test_an_unknown_store_gets_the_average_store() -> None:
    assert features_of(dt.date(2024, 7, 3), store=10**30)["store_level"] == 8.5
    assert not PROFILES.known(10**30)
    assert PROFILES.known(9)


DAYS = st.tuples(st.dates(), st.integers(1, 12), st.integers(0, 1), st.integers(0, 1))


@given(st.lists(DAYS, min_size=1, max_size=20))
def test_many_days_at_once_give_what_each_day_gives(days: list[tuple[dt.date, int, int, int]]) -> None:
    dates, stores, promos, holidays = zip(*days, strict=True)
    together = feature_matrix(dates, stores, promos, holidays, PROFILES)
    alone = [feature_matrix([date], [store], [promo], [flag], PROFILES)[0] for date, store, promo, flag in days]
    assert together.dtype == np.float32
    assert together.shape == (len(days), len(FEATURE_NAMES))
    assert np.isfinite(together).all()
    np.testing.assert_array_equal(together, np.stack(alone))


@given(st.lists(st.lists(st.dates(), min_size=1, max_size=8), max_size=8))
def test_the_cache_of_days_gives_what_the_calendar_gives(batches: list[list[dt.date]]) -> None:
    cache = CalendarCache()
    cache.MOST_DAYS = 10  # it forgets often
    for dates in batches:
        days = days_of(dates)
        assert days.tolist() == dates
        np.testing.assert_array_equal(cache(days), calendar_matrix(days))
        assert len(cache._table) <= 10


def test_profiles_survive_json() -> None:
    copy = StoreProfiles.from_json(PROFILES.to_json())
    assert copy.stores == PROFILES.stores
    for name in ("level", "day_effect", "recent", "trend"):
        np.testing.assert_array_equal(getattr(copy, name), getattr(PROFILES, name))


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", PROFILES.to_json().replace("8.0", "NaN"), PROFILES.to_json().replace("8.0, ", ""),
        PROFILES.to_json().replace("[4, 9]", "[4, 4]"), PROFILES.to_json().replace("[4, 9]", "[null, 4]"),
    ],
)  # fmt: skip
def test_broken_profiles_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"store profiles|Expecting value"):
        StoreProfiles.from_json(text)
