"""Reading a birth: first its shape (cached, the same for everyone), then its range of dates."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from intake.births.dates import months_before, to_gregorian, years_before
from intake.births.values import ONE_DAY, Birth, BirthError, whole_period
from intake.births.vocabulary import (
    ABOUT,
    AND,
    CALENDAR,
    DAYS,
    FILLER,
    MONTH,
    MONTHS,
    NEWBORN,
    NUMBER,
    TO,
    WEEKS,
    WORDS,
    YEARS,
    fold,
    joined_number,
)
from intake.choices import BirthPrecision, Calendar

MAX_LENGTH = 100  # nobody says a birth in more characters than this
MAX_AGE = 120  # completed years

# A year alone, or in a date: up to here Solar Hijri, above it Gregorian.
LAST_HIJRI_YEAR = 1500
FIRST_YEAR = 1000

NEWBORN_DAYS = 28  # WHO: the newborn period is the first 28 days of life


@dataclass(frozen=True, slots=True)
class _Said:
    """What was said, before it is known when: ages, or a date of which parts may be missing."""

    about: bool = False
    calendar: Calendar = Calendar.GREGORIAN
    year: int | None = None
    month: int | None = None
    day: int | None = None
    ages: tuple[int, int] | None = None  # least and greatest, in `unit`
    unit: str = YEARS


def parse_birth(text: str, *, said_on: date) -> Birth:
    """The range of birth dates that fits what was said on ``said_on``.

    - ``24/11/1981``, ``2001-05-04``, ``18 Aqrab 1396``: that day. Slashed dates are day first;
      where only month first would be possible, the date is refused as ambiguous.
    - ``Aqrab 1396``, ``05/2001``: that month. ``1360``, ``born 1981``: that year. A year up to
      1500 is Solar Hijri unless marked lunar (q, AH, قمری), a later one Gregorian.
    - ``35``: from 36 years before ``said_on`` (plus a day) to 35 years before it. ``13 months``
      likewise in months, ``3 weeks`` likewise in weeks. ``10 days`` allows one day either way
      (the first day may be counted or not). ``newborn``: the last 28 days.
    - ``about 40``: one less or more below 10 years, two from 10, five from 30. In months, weeks
      or days: one less or more, and two from 10 on. ``about 1360``: the years around it, by the
      same rule for the age that they mean. ``30-35``: an estimate from 30 to 35.

    A range that reaches beyond ``said_on`` ends there. Digits may be in any script. Raises
    ``BirthError`` with the code unreadable, ambiguous, impossible_date, future (wholly after
    ``said_on``) or too_old (older than 120 on ``said_on``), and nothing else.
    """
    said = _read(text)
    try:
        earliest, latest = _range(said, said_on)
    except OverflowError:
        raise BirthError("too_old") from None
    if earliest > said_on:
        raise BirthError("future")
    latest = min(latest, said_on)
    if latest <= years_before(said_on, MAX_AGE + 1):
        raise BirthError("too_old")
    return Birth(earliest, latest, _precision(said), said.calendar, text)


def _precision(said: _Said) -> BirthPrecision:
    if said.about:
        return BirthPrecision.AGE_ESTIMATE
    if said.ages is not None:
        return BirthPrecision.AGE if said.unit == YEARS else BirthPrecision.AGE_MONTHS
    if said.day is not None:
        return BirthPrecision.DAY
    return BirthPrecision.YEAR if said.month is None else BirthPrecision.MONTH


def _margin(years: int) -> int:
    """How far "about" reaches to each side at an age; people round more as they grow older."""
    if years < 10:
        return 1
    return 2 if years < 30 else 5


def _range(said: _Said, on: date) -> tuple[date, date]:
    if said.ages is not None:
        return _age_range(said, on)
    assert said.year is not None
    if said.day is not None and said.month is not None:
        return (_day(said.calendar, said.year, said.month, said.day),) * 2
    try:
        first, last = whole_period(said.calendar, said.year, said.month)
        if said.about:
            margin = _margin(max(on.year - first.year, 0))
            first, _ = whole_period(said.calendar, said.year - margin, None)
            _, last = whole_period(said.calendar, said.year + margin, None)
    except ValueError:
        raise BirthError(_out_of_calendar(said.calendar, said.year)) from None
    return first, last


def _day(calendar: Calendar, year: int, month: int, day: int) -> date:
    try:
        whole_period(calendar, year, None)
    except ValueError:
        raise BirthError(_out_of_calendar(calendar, year)) from None
    try:
        return to_gregorian(calendar, year, month, day)
    except ValueError:
        raise BirthError("impossible_date") from None


def _out_of_calendar(calendar: Calendar, year: int) -> str:
    """A year the tables do not hold is far in the past or in the future of any living person."""
    turning = {Calendar.SOLAR_HIJRI: 1300, Calendar.LUNAR_HIJRI: 1300}
    return "too_old" if year < turning.get(calendar, 1800) else "future"


def _age_range(said: _Said, on: date) -> tuple[date, date]:
    assert said.ages is not None
    least, most = said.ages
    if said.unit == YEARS:
        if said.about and least == most:
            margin = _margin(least)
            least, most = max(least - margin, 0), most + margin
        if least > MAX_AGE:
            raise BirthError("too_old")
        return years_before(on, most + 1) + ONE_DAY, years_before(on, least)
    if said.about and least == most:
        margin = 1 if least < 10 else 2
        least, most = max(least - margin, 0), most + margin
    if said.unit == MONTHS:
        return months_before(on, most + 1) + ONE_DAY, months_before(on, least)
    if said.unit == WEEKS:
        return on - (7 * most + 6) * ONE_DAY, on - 7 * least * ONE_DAY
    return on - (most + 1) * ONE_DAY, on - max(least - 1, 0) * ONE_DAY


# --- reading -----------------------------------------------------------------------------------

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|[^\w\s]|_")
_MIDNIGHT = re.compile(r"[t ]0{1,2}:00(?::00(?:\.0+)?)?z?\Z")
_JOINTS = frozenset(".-/")  # inside "y/o", "г.р.", "Rabi-al-awwal"
_NOISE = frozenset('.,،؛;:()[]"/«»-')
_ABOUT_SIGNS = frozenset("~≈±∼")
_UNITS = frozenset((YEARS, MONTHS, WEEKS, DAYS))


@dataclass(slots=True)
class _Shape:
    """A text reduced to a shape: one letter for each number (n), month name (m), unit (Y M W D)

    and separator between two numbers, with the values beside it.
    """

    letters: str
    numbers: list[tuple[int, int]]  # value and count of digits
    month: tuple[Calendar, int] | None
    calendar: Calendar | None
    about: bool
    newborn: bool


@lru_cache(maxsize=16384)
def _read(text: str) -> _Said:
    """What a text says; ``BirthError`` (never cached) when it says nothing readable."""
    if len(text) > MAX_LENGTH:
        raise BirthError("unreadable")
    folded = fold(text)
    if folded.isdecimal() and len(folded) <= 4:  # by far the most common
        return _number_alone(_Shape("n", [(int(folded), len(folded))], None, None, False, False))
    folded = _MIDNIGHT.sub("", folded)  # spreadsheets add a time of day to a date
    shape = _shape(folded)
    if shape.newborn:
        if shape.letters or shape.calendar or shape.about:
            raise BirthError("unreadable")
        return _Said(ages=(0, NEWBORN_DAYS - 2), unit=DAYS)
    for pattern, reader in _READERS:
        if pattern.fullmatch(shape.letters):
            return reader(shape)
    raise BirthError("unreadable")


def _shape(folded: str) -> _Shape:
    tokens = _TOKEN.findall(folded)
    shape = _Shape("", [], None, None, False, False)
    letters: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token[0].isdigit():
            if len(token) > 4:
                raise BirthError("unreadable")
            if letters and letters[-1] == "n":
                letters.append(" ")
            letters.append("n")
            shape.numbers.append((int(token), len(token)))
        elif token[0].isalpha():
            position += _add_words(shape, letters, tokens, position)
            continue
        else:
            _add_sign(shape, letters, tokens, position)
        position += 1
    if letters and letters[-1] in "-/.":
        letters.pop()
    shape.letters = re.sub(r"(?<=m)M|M(?=m)", "", "".join(letters))  # "the month of Aqrab"
    return shape


def _add_sign(shape: _Shape, letters: list[str], tokens: list[str], position: int) -> None:
    sign = tokens[position]
    if sign in _ABOUT_SIGNS or (sign in "?؟" and position == len(tokens) - 1 and letters):
        shape.about = True
    elif sign not in _NOISE or (sign == "-" and not letters and position == 0):
        raise BirthError("unreadable")
    elif sign in "-/." and letters and letters[-1] == "n":
        letters.append(sign)


def _add_words(shape: _Shape, letters: list[str], tokens: list[str], position: int) -> int:
    """Read the longest known run of words at a position; the count of tokens it took."""
    for count in range(min(5, len(tokens) - position), 0, -1):
        run = [each for each in tokens[position : position + count] if each not in _JOINTS]
        if not run or not all(each[0].isalpha() for each in run):
            continue
        joined = "".join(run)
        meaning = WORDS.get(joined)
        if meaning is not None:
            _add_meaning(shape, letters, *meaning)
            return count
    number = joined_number(tokens[position])
    if number is None:
        raise BirthError("unreadable")
    _add_meaning(shape, letters, NUMBER, number[0])
    _add_meaning(shape, letters, number[1], None)
    return 1


def _add_meaning(shape: _Shape, letters: list[str], kind: str, value: object) -> None:
    while letters and letters[-1] in "-/." and kind != NUMBER:
        letters.pop()
    if kind in _UNITS:
        letters.append(kind)
    elif kind == MONTH:
        if shape.month is not None:
            raise BirthError("unreadable")
        assert isinstance(value, tuple)
        shape.month = value
        letters.append("m")
    elif kind == NUMBER:
        assert isinstance(value, int)
        _add_number_word(shape, letters, value)
    elif kind == CALENDAR:
        assert isinstance(value, Calendar)
        if shape.calendar not in (None, value):
            raise BirthError("ambiguous")
        shape.calendar = value
    elif kind == ABOUT:
        shape.about = True
    elif kind == NEWBORN:
        shape.newborn = True
    elif kind == TO:
        if letters and letters[-1] == "n":
            letters.append("-")
    elif kind == AND:
        if letters and letters[-1] == "n":
            letters.append("&")
    else:
        assert kind == FILLER


def _add_number_word(shape: _Shape, letters: list[str], value: int) -> None:
    """Add a number word; a ten before a one makes one number ("forty five")."""
    joined = letters and letters[-1] in "n&"
    if joined and value < 10 and shape.numbers[-1][0] in range(20, 100, 10):
        while letters[-1] == "&":
            letters.pop()
        shape.numbers[-1] = (shape.numbers[-1][0] + value, 2)
        return
    if letters and letters[-1] == "n":
        letters.append(" ")
    letters.append("n")
    shape.numbers.append((value, len(str(value))))


# --- one reader for each shape -----------------------------------------------------------------


def _calendar_of(year: int, shape: _Shape) -> Calendar:
    """The calendar of a year, by its mark, by the name of the month, or by its size."""
    by_size = Calendar.SOLAR_HIJRI if year <= LAST_HIJRI_YEAR else Calendar.GREGORIAN
    if shape.month is not None:
        by_month = shape.month[0]
        hijri_year = by_size != Calendar.GREGORIAN
        if shape.calendar not in (None, by_month):
            raise BirthError("ambiguous")
        if hijri_year == (by_month == Calendar.GREGORIAN):
            raise BirthError("ambiguous")  # "4 May 1360", "18 Aqrab 1996"
        return by_month
    return shape.calendar or by_size


def _number_alone(shape: _Shape) -> _Said:
    value, digits = shape.numbers[0]
    if digits == 4:
        return _year(value, shape)
    if shape.calendar is not None:
        raise BirthError("ambiguous")  # a year of two digits
    return _Said(about=shape.about, ages=(value, value))


def _year(year: int, shape: _Shape) -> _Said:
    if year < FIRST_YEAR:
        raise BirthError("unreadable")
    return _Said(about=shape.about, calendar=_calendar_of(year, shape), year=year)


def _marked_year(shape: _Shape) -> _Said:
    """ "the year 1360": a number of fewer digits is neither a year nor clearly an age."""
    value, digits = shape.numbers[0]
    if digits != 4:
        raise BirthError("unreadable")
    return _year(value, shape)


def _age(shape: _Shape) -> _Said:
    value, digits = shape.numbers[0]
    unit = shape.letters[-1]
    if digits == 4:
        if unit == YEARS:
            return _year(value, shape)
        raise BirthError("unreadable")
    if shape.calendar is not None:
        raise BirthError("ambiguous")
    return _Said(about=shape.about, ages=(value, value), unit=unit)


def _age_in_two_units(shape: _Shape) -> _Said:
    (years, year_digits), (months, _) = shape.numbers
    if year_digits > 3 or months > 11 or shape.calendar is not None:
        raise BirthError("unreadable")
    total = 12 * years + months
    return _Said(about=shape.about, ages=(total, total), unit=MONTHS)


def _two_numbers(shape: _Shape) -> _Said:
    """ "30-35", "30-35 years", "05/2001", "1396-8": ages from and to, or a month and a year."""
    (first, first_digits), (second, second_digits) = shape.numbers
    unit = shape.letters[-1] if shape.letters[-1] in _UNITS else YEARS
    if max(first_digits, second_digits) < 4:
        if "-" not in shape.letters or first >= second or shape.calendar is not None:
            raise BirthError("unreadable")
        return _Said(about=True, ages=(first, second), unit=unit)
    if first_digits == second_digits or unit != YEARS or shape.about:
        raise BirthError("unreadable")
    year, month = (first, second) if first_digits == 4 else (second, first)
    if min(first_digits, second_digits) > 2 or year < FIRST_YEAR:
        raise BirthError("unreadable")
    if not 1 <= month <= 12:
        raise BirthError("impossible_date")
    return _Said(calendar=_calendar_of(year, shape), year=year, month=month)


def _month_and_year(shape: _Shape) -> _Said:
    assert shape.month is not None
    year, digits = shape.numbers[0]
    if digits != 4:
        raise BirthError("ambiguous")  # "May 81", or a day without a year
    if year < FIRST_YEAR or shape.about:
        raise BirthError("unreadable")
    return _Said(calendar=_calendar_of(year, shape), year=year, month=shape.month[1])


def _named_month_date(shape: _Shape) -> _Said:
    assert shape.month is not None
    day, year = _day_and_year(shape.numbers[0], shape.numbers[1])
    if year < FIRST_YEAR or shape.about:
        raise BirthError("unreadable")
    calendar = _calendar_of(year, shape)
    return _Said(calendar=calendar, year=year, month=shape.month[1], day=day)


def _day_and_year(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    if first[1] == 4 and second[1] <= 2:
        return second[0], first[0]
    if second[1] == 4 and first[1] <= 2:
        return first[0], second[0]
    raise BirthError("ambiguous" if max(first[1], second[1]) <= 2 else "unreadable")


def _numeric_date(shape: _Shape) -> _Said:
    first, middle, last = shape.numbers
    day, year = _day_and_year(first, last)
    month = middle[0]
    if middle[1] > 2 or year < FIRST_YEAR or shape.about:
        raise BirthError("unreadable")
    if month > 12 and 1 <= day <= 12 and month <= 31:
        raise BirthError("ambiguous")  # month first: nothing says the other dates are not, too
    if not 1 <= month <= 12:
        raise BirthError("impossible_date")
    return _Said(calendar=_calendar_of(year, shape), year=year, month=month, day=day)


_READERS: list[tuple[re.Pattern[str], Callable[[_Shape], _Said]]] = [
    (re.compile(pattern), reader)
    for pattern, reader in (
        (r"n", _number_alone),
        (r"n[YMWD]", _age),
        (r"Yn", _marked_year),
        (r"n-n[YMWD]?|n[/. ]n", _two_numbers),
        (r"nY[&]?nM", _age_in_two_units),
        (r"mY?nY?|nY?m", _month_and_year),
        (r"n[-/.]?mY?[-/.]?nY?|m[ ]?n[-/. ]nY?", _named_month_date),
        (r"n([-/. ])n\1nY?", _numeric_date),
    )
]
