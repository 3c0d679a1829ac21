"""Dates in the three calendars people give births in, and steps back by years and months."""

from bisect import bisect_right
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache

import jdatetime
from hijridate import Hijri
from hijridate.ummalqura import GREGORIAN_RANGE, HIJRI_RANGE

from intake.choices import Calendar

FIRST_SOLAR_YEAR, LAST_SOLAR_YEAR = 1100, 1500

# The ordinal of 1 Hamal of each year, and of the year after the last: with it a conversion is
# an addition. jdatetime knows the leap years.
_NEW_YEARS: list[int] = [
    jdatetime.date(year, 1, 1).togregorian().toordinal()
    for year in range(FIRST_SOLAR_YEAR, LAST_SOLAR_YEAR + 2)
]

# Six months of 31 days, five of 30, and the last of 29 or 30.
_SOLAR_MONTH_STARTS = [31 * min(month, 6) + 30 * max(month - 6, 0) for month in range(12)]


def years_before(on: date, years: int) -> date:
    """The latest birth date of someone who has completed ``years`` years on ``on``.

    The same as ``on - interval 'N years'`` in PostgreSQL: 29 February becomes the 28th.
    """
    return months_before(on, 12 * years)


def months_before(on: date, months: int) -> date:
    """The latest birth date of someone who has completed ``months`` months on ``on``.

    A day the target month does not have becomes its last day. Never before the year 1.
    """
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    if year < 1:
        return date.min
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def solar_hijri_date(year: int, month: int, day: int) -> date:
    """The Gregorian date of a Solar Hijri one; ``ValueError`` when there is no such day."""
    if not FIRST_SOLAR_YEAR <= year <= LAST_SOLAR_YEAR or not 1 <= month <= 12 or day < 1:
        raise ValueError("no such Solar Hijri date")
    start = _NEW_YEARS[year - FIRST_SOLAR_YEAR]
    month_end = (
        _NEW_YEARS[year - FIRST_SOLAR_YEAR + 1]
        if month == 12
        else start + _SOLAR_MONTH_STARTS[month]
    )
    ordinal = start + _SOLAR_MONTH_STARTS[month - 1] + day - 1
    if ordinal >= month_end:
        raise ValueError("no such Solar Hijri date")
    return date.fromordinal(ordinal)


def solar_hijri_parts(day: date) -> tuple[int, int, int]:
    """Year, month and day of a Gregorian date in the Solar Hijri calendar.

    ``ValueError`` outside the years 1100 to 1500 (1721 to 2122).
    """
    ordinal = day.toordinal()
    if not _NEW_YEARS[0] <= ordinal < _NEW_YEARS[-1]:
        raise ValueError("outside the Solar Hijri years known here")
    index = bisect_right(_NEW_YEARS, ordinal) - 1
    offset = ordinal - _NEW_YEARS[index]
    month = bisect_right(_SOLAR_MONTH_STARTS, offset)
    return FIRST_SOLAR_YEAR + index, month, offset - _SOLAR_MONTH_STARTS[month - 1] + 1


def _tabular_lunar_ordinal(year: int, month: int, day: int) -> int:
    """Ordinal of a date in the tabular (civil) Islamic calendar, thirty-year cycle."""
    days = 29 * (month - 1) + month // 2 + 354 * (year - 1) + (3 + 11 * year) // 30 + day
    return days + 227014  # the day before 1 Muharram of year 1, 19 July 622 Gregorian


@lru_cache(maxsize=4096)
def _lunar_month_start(year: int, month: int) -> int:
    if HIJRI_RANGE[0][0] <= year <= HIJRI_RANGE[1][0]:
        return Hijri(year, month, 1).to_gregorian().toordinal()
    if year == HIJRI_RANGE[1][0] + 1 and month == 1:
        return date(*GREGORIAN_RANGE[1]).toordinal() + 1
    return _tabular_lunar_ordinal(year, month, 1)


def lunar_hijri_date(year: int, month: int, day: int) -> date:
    """The Gregorian date of a Lunar Hijri one; ``ValueError`` when there is no such day.

    Umm al-Qura from 1343 on (as ``hijridate`` has it), the tabular calendar before. A month
    seen locally may begin a day earlier or later; nobody can know which, so none is guessed. In
    the oldest years the published tables have some months of 28 or 31 days.
    """
    if not 1000 <= year <= HIJRI_RANGE[1][0] or not 1 <= month <= 12:
        raise ValueError("no such Lunar Hijri date")
    start = _lunar_month_start(year, month)
    if not 1 <= day <= _lunar_month_start(*_next_month(year, month)) - start:
        raise ValueError("no such Lunar Hijri date")
    return date.fromordinal(start + day - 1)


def _next_month(year: int, month: int) -> tuple[int, int]:
    return year + month // 12, month % 12 + 1


def to_gregorian(calendar: Calendar, year: int, month: int, day: int) -> date:
    """A date of any of the three calendars as a Gregorian one; ``ValueError`` if impossible."""
    if calendar == Calendar.SOLAR_HIJRI:
        return solar_hijri_date(year, month, day)
    if calendar == Calendar.LUNAR_HIJRI:
        return lunar_hijri_date(year, month, day)
    return date(year, month, day)


def last_day_of_month(calendar: Calendar, year: int, month: int) -> date:
    """The last day of a month, as a Gregorian date; ``ValueError`` if the year is unknown."""
    if calendar == Calendar.GREGORIAN:
        return date(year, month, monthrange(year, month)[1])
    first = to_gregorian(calendar, year, month, 1)
    if calendar == Calendar.LUNAR_HIJRI:
        return date.fromordinal(_lunar_month_start(*_next_month(year, month)) - 1)
    if month == 12:
        return date.fromordinal(_NEW_YEARS[year - FIRST_SOLAR_YEAR + 1] - 1)
    return first + timedelta(days=30 if month <= 6 else 29)
