"""When a schedule is due.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_YEARS = (1970, 2199)


def following(expression: str, zone: str, start: datetime, after: datetime) -> datetime | None:
    """Return the first time after another at which a schedule is due; None if there is none.

    Args:
        expression: `at(…)`, `rate(…)` or `cron(…)`.
        zone: the name of the time zone of `at` and `cron`.
        start: when a `rate` is due first.
        after: with a time zone, as `start`.

    Raises:
        ValueError: the expression or the zone is not valid.
    """
    found = re.fullmatch(r"\s*(at|rate|cron)\((.*)\)\s*", expression)
    if found is None:
        raise ValueError(f"{expression!r} is no schedule")
    kind, text = found.groups()
    if kind == "rate":
        return _of_rate(text, start, after)
    local = ZoneInfo(zone)
    if kind == "at":
        at = datetime.fromisoformat(text).replace(tzinfo=local).astimezone(UTC)
        return at if at > after else None
    return _Cron.of(text).following(local, after)


def _of_rate(text: str, start: datetime, after: datetime) -> datetime:
    number, unit = text.split()
    period = int(number) * _UNITS[unit.removesuffix("s")]
    if not period:
        raise ValueError("a rate must be positive")
    return start if after < start else start + ((after - start) // period + 1) * period


@dataclass(frozen=True)
class _Cron:
    minutes: list[int]
    hours: list[int]
    days: str
    months: list[int]
    weekdays: str
    years: list[int]

    @classmethod
    def of(cls, text: str) -> "_Cron":
        minutes, hours, days, months, weekdays, years = text.upper().split()
        return cls(
            _numbers(minutes, 0, 59), _numbers(hours, 0, 23), days, _numbers(_named(months, _MONTHS), 1, 12),
            _named(weekdays, _DAYS), _numbers(years, *_YEARS),
        )  # fmt: skip

    def following(self, zone: ZoneInfo, after: datetime) -> datetime | None:
        begin = after.astimezone(zone).date()
        for day in self._dates(begin):
            for hour in self.hours:
                for minute in self.minutes:
                    at = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                    # The hour that daylight saving time leaves out does not exist.
                    if at > after and at.astimezone(zone).hour == hour:
                        return at
        return None

    def _dates(self, begin: date) -> Iterator[date]:
        for year in self.years:
            for month in self.months if year >= begin.year else ():
                yield from (day for day in self._of_month(year, month) if day >= begin)

    def _of_month(self, year: int, month: int) -> Iterator[date]:
        last = calendar.monthrange(year, month)[1]
        days = [date(year, month, number) for number in range(1, last + 1)]
        if self.weekdays == "?":
            yield from _days_of_month(self.days, days)
        elif self.days in ("?", "*"):
            yield from _days_of_week(self.weekdays, days)


def _named(text: str, names: dict[str, int]) -> str:
    return re.sub("[A-Z]{3}", lambda found: str(names.get(found[0], found[0])), text)


def _numbers(text: str, least: int, most: int) -> list[int]:
    """Return the numbers of a field such as `1,5-7,*/20`."""
    found: set[int] = set()
    for part in text.split(","):
        place, _, step = part.partition("/")
        first, _, last = place.partition("-")
        if place == "*":
            begin, end = least, most
        else:
            begin = int(first)
            end = int(last) if last else (most if step else begin)
        found.update(range(begin, end + 1, int(step or 1)))
    if not found or min(found) < least or max(found) > most:
        raise ValueError(f"{text!r} is not from {least} to {most}")
    return sorted(found)


def _days_of_month(text: str, days: list[date]) -> list[date]:
    """Return the days of a month that a field means; `L` is the last day, `15W` the nearest workday to the 15th."""
    if text == "L":
        return days[-1:]
    if text == "LW":
        return [day for day in days if day.weekday() < 5][-1:]
    if text.endswith("W"):
        wanted = int(text[:-1])
        return sorted((day for day in days if day.weekday() < 5), key=lambda day: abs(day.day - wanted))[:1]
    numbers = _numbers(text, 1, 31)
    return [day for day in days if day.day in numbers]


def _days_of_week(text: str, days: list[date]) -> list[date]:
    """Return the days of a month that a field means; `6L` is the last Friday, `3#2` the second Tuesday."""
    place, _, number = text.partition("#")
    if number:
        return [day for day in days if _weekday(day) == int(place)][int(number) - 1 : int(number)]
    if text.endswith("L"):
        wanted = int(text[:-1] or 7)
        return [day for day in days if _weekday(day) == wanted][-1:]
    numbers = _numbers(text, 1, 7)
    return [day for day in days if _weekday(day) in numbers]


def _weekday(day: date) -> int:
    """Return the number of a day as AWS counts: Sunday is 1."""
    return day.isoweekday() % 7 + 1
