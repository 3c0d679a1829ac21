"""What a birth is once it has been read: a range of dates, and how well it is known."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from intake.births.dates import (
    last_day_of_month,
    solar_hijri_parts,
    to_gregorian,
)
from intake.choices import BirthPrecision, Calendar


class BirthError(ValueError):
    """A birth that cannot be accepted.

    ``code`` is stable: unreadable, future, too_old, ambiguous or impossible_date. ``message``
    is translatable and says what to do. Neither repeats what was typed, which is personal.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def message(self) -> Promise:
        """What to tell the person at the desk."""
        return BIRTH_MESSAGES[self.code]


BIRTH_MESSAGES: dict[str, Promise] = {
    "unreadable": _(
        "The birth cannot be read. Write a date (24/11/1981), a month and year (Aqrab 1396), "
        "a year (1360), an age (35, 13 months) or an estimate (about 40)."
    ),
    "future": _(
        "The birth is in the future. Check the year and the calendar; for the lunar calendar "
        "write “q” after the year."
    ),
    "too_old": _("The person would be older than 120. Check the year and the calendar."),
    "ambiguous": _(
        "The date can be read in more than one way. Write the day first and the year with four "
        "digits (24/11/1981), or write the name of the month."
    ),
    "impossible_date": _("There is no such day in that month. Check the day and the month."),
}


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth between ``earliest`` and ``latest``, both included, both Gregorian.

    ``calendar`` is the one it was said in; ``text`` keeps the words as they were said.
    """

    earliest: date
    latest: date
    precision: BirthPrecision
    calendar: Calendar
    text: str

    def age_range(self, on: date) -> tuple[int, int]:
        """The least and the greatest age in completed years on ``on`` (0 before birth)."""
        return completed_years(self.latest, on), completed_years(self.earliest, on)


def completed_years(birth: date, on: date) -> int:
    """Age in completed years; someone born on 29 February has a birthday on 1 March."""
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return max(years, 0)


class BothCalendars(NamedTuple):
    """A birth shown back in both calendars, as digits that need no translation."""

    gregorian: str
    solar_hijri: str


def in_both_calendars(birth: Birth) -> BothCalendars:
    """The birth in the Gregorian and the Solar Hijri calendar.

    A day is ``2001-05-04``, a whole month ``2001-05``, a whole year ``2001``. Any other range
    is ``first – last``: to the day when a date was said, in years when an age was said.
    """
    return BothCalendars(
        _show(birth, Calendar.GREGORIAN),
        _show(birth, Calendar.SOLAR_HIJRI),
    )


# Ranges that come from an age: their days mean nothing.
_IN_YEARS = (BirthPrecision.AGE, BirthPrecision.AGE_ESTIMATE, BirthPrecision.BRACKET)


def _show(birth: Birth, calendar: Calendar) -> str:
    first = _parts(birth.earliest, calendar)
    last = _parts(birth.latest, calendar)
    if birth.earliest == birth.latest:
        return _digits(first)
    if first[2] == 1 and birth.latest == last_day_of_month(calendar, last[0], last[1]):
        if first[:2] == last[:2]:
            return _digits(first[:2])
        if first[0] == last[0] and (first[1], last[1]) == (1, 12):
            return _digits(first[:1])
    if birth.precision in _IN_YEARS:
        if first[0] == last[0]:
            return _digits(first[:1])
        return f"{_digits(first[:1])} – {_digits(last[:1])}"
    return f"{_digits(first)} – {_digits(last)}"


def _parts(day: date, calendar: Calendar) -> tuple[int, ...]:
    if calendar == Calendar.SOLAR_HIJRI:
        return solar_hijri_parts(day)
    return day.year, day.month, day.day


def _digits(parts: tuple[int, ...]) -> str:
    return "-".join(
        f"{part:04d}" if not index else f"{part:02d}" for index, part in enumerate(parts)
    )


def whole_period(calendar: Calendar, year: int, month: int | None) -> tuple[date, date]:
    """First and last day of a year, or of a month of it; ``ValueError`` if unknown."""
    first = to_gregorian(calendar, year, month or 1, 1)
    return first, last_day_of_month(calendar, year, month or 12)


ONE_DAY = timedelta(days=1)
