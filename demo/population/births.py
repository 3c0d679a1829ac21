"""How births are told at the desk, in four ways of writing."""

from __future__ import annotations

from datetime import date
from random import Random

from demo.population.hands import Hand
from demo.population.lexicon import ARABIC, LATIN, RUSSIAN, TAJIK
from intake.births import solar_hijri_parts

# Manners of telling. SOLAR ones are in the Solar Hijri calendar of Afghan papers.
DAY, SOLAR_DAY, YEAR, SOLAR_YEAR, JANUARY, AGE, ABOUT, MONTHS = (
    "day", "solar_day", "year", "solar_year", "january", "age", "about", "months"
)  # fmt: skip

# Shares by age (completed years below the first number). 1 January: AFP 2017/18 reports it as the
# birthday of a generation of Afghans (domain facts 1.5); its share is set by judgement, so that it
# is the commonest date by far: about six in ten dates that adults tell to the day. Ages and years
# weigh most with the old, whose births nobody wrote down.
_SHARES: tuple[tuple[int, dict[str, float]], ...] = (
    (2, {MONTHS: 0.60, DAY: 0.25, SOLAR_DAY: 0.15}),
    (18, {AGE: 0.40, SOLAR_YEAR: 0.20, DAY: 0.14, SOLAR_DAY: 0.08, JANUARY: 0.14, YEAR: 0.04}),
    (60, {JANUARY: 0.27, SOLAR_YEAR: 0.25, AGE: 0.16, ABOUT: 0.12, DAY: 0.10, SOLAR_DAY: 0.07,
          YEAR: 0.03}),
    (200, {ABOUT: 0.36, SOLAR_YEAR: 0.24, AGE: 0.20, JANUARY: 0.18, DAY: 0.02}),
)  # fmt: skip
# The same birth said in the other calendar.
OTHER_CALENDAR = {
    DAY: SOLAR_DAY, SOLAR_DAY: DAY, YEAR: SOLAR_YEAR, SOLAR_YEAR: YEAR, JANUARY: SOLAR_YEAR
}  # fmt: skip
# Of ages and estimates above 20 so many are said in fives (age heaping).
HEAPED = 0.4

_ABOUT = {ARABIC: "حدود {}", LATIN: "about {}", TAJIK: "тақрибан {}", RUSSIAN: "около {}"}
_MONTHS = {ARABIC: "{} ماهه", LATIN: "{} months", TAJIK: "{} моҳа", RUSSIAN: "{} мес"}
_DAYS = {ARABIC: "{} روزه", LATIN: "{} days", TAJIK: "{} рӯза", RUSSIAN: "{} дн"}
_SOLAR_MONTHS = {
    ARABIC: "حمل ثور جوزا سرطان اسد سنبله میزان عقرب قوس جدی دلو حوت",
    LATIN: "Hamal Sawr Jawza Saratan Asad Sunbula Mizan Aqrab Qaws Jadi Dalw Hut",
    TAJIK: "ҳамал савр ҷавзо саратон асад сунбула мизон ақраб қавс ҷадӣ далв ҳут",
    RUSSIAN: "хамал савр джауза саратан асад сунбула мизан акраб каус джади далв хут",
}
_SOLAR = {script: months.split() for script, months in _SOLAR_MONTHS.items()}
_EASTERN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def manner(dice: Random, age: int) -> str:
    """How somebody of this age tells the birth."""
    shares = next(shares for below, shares in _SHARES if age < below)
    at = dice.random()
    for found, share in shares.items():
        at -= share
        if at < 0:
            return found
    return AGE


def completed_years(born: date, on: date) -> int:
    """Age in completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def told(born: date, how: str, on: date, hand: Hand, *, heaped: bool) -> str:
    """The words for a birth on the day `on`, in the hand's language and digits."""
    text = _told(born, how, on, hand, heaped)
    return text.translate(_EASTERN) if hand.native_digits else text


def _told(born: date, how: str, on: date, hand: Hand, heaped: bool) -> str:
    if how in (AGE, ABOUT, MONTHS):
        return _age(born, how, on, hand, heaped)
    if how == JANUARY:
        return hand.dice.choice(("01/01/{}", "1/1/{}", "{}-01-01")).format(born.year)
    if how == YEAR:
        return str(born.year)
    if how == DAY:
        return born.strftime(hand.dice.choice(("%d/%m/%Y", "%Y-%m-%d", "%d.%m.%Y")))
    year, month, day = solar_hijri_parts(born)
    if how == SOLAR_YEAR:
        return str(year)
    if hand.dice.random() < 0.5:
        return f"{day} {_SOLAR[hand.column][month - 1]} {year}"
    return f"{year}/{month:02d}/{day:02d}"


def _age(born: date, how: str, on: date, hand: Hand, heaped: bool) -> str:
    years = completed_years(born, on)
    if years < 2:
        months = 12 * (on.year - born.year) + on.month - born.month - (on.day < born.day)
        if months < 1:
            return _DAYS[hand.column].format(max((on - born).days, 1))
        return _MONTHS[hand.column].format(months)
    if heaped and years > 20:
        years = 5 * round(years / 5)
    return _ABOUT[hand.column].format(years) if how == ABOUT else str(years)
