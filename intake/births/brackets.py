"""Age brackets at a stated date, by a rule that SQL can state as well.

The rule, for a birth between ``earliest`` and ``latest`` and a date ``on``:

1. a person is a child when they may be under 18: ``latest > on - 18 years``;
2. the reference date is the middle of the range, ``earliest + (latest - earliest) / 2`` in whole
   days rounded down; but for a child whose range reaches to 18 or more
   (``earliest <= on - 18 years``) it is the day after ``on - 18 years``, so that one who may be
   under 18 counts as 12-17;
3. the bracket is the first of ``bracket_thresholds(on)`` whose date is before the reference date.

In SQL, with ``t5 t12 t18 t60`` from ``bracket_thresholds``::

    CASE WHEN latest > t18 AND earliest <= t18 THEN '12-17'
         WHEN mid > t5 THEN '0-4' WHEN mid > t12 THEN '5-11' WHEN mid > t18 THEN '12-17'
         WHEN mid > t60 THEN '18-59' ELSE '60+' END     -- mid = earliest + (latest-earliest)/2

Brackets: UNHCR as published on HDX. Benefit of the doubt at 18: UNHCR and UNICEF practice.

``birth_of_bracket`` goes the other way: who was only counted in a bracket has the whole range of
births that the bracket means on that day.
"""

from datetime import date
from functools import lru_cache

from intake.births.dates import years_before
from intake.births.values import ONE_DAY, Birth
from intake.choices import BirthPrecision, Calendar

CHILD_AGE = 18
OLDER_AGE = 60
# The oldest that someone counted as "60+" is taken to be; nobody that old was counted yet.
OLDEST_AGE = 110
UNKNOWN_BRACKET = "unknown"

# Each bracket and the age at which one leaves it.
_LEFT_AT: tuple[tuple[str, int], ...] = (
    ("0-4", 5),
    ("5-11", 12),
    ("12-17", CHILD_AGE),
    ("18-59", OLDER_AGE),
)
_LAST_BRACKET = "60+"

BRACKETS: tuple[str, ...] = (*(name for name, _ in _LEFT_AT), _LAST_BRACKET, UNKNOWN_BRACKET)


@lru_cache(maxsize=512)
def _thresholds(on: date) -> tuple[tuple[str, date], ...]:
    return (*((name, years_before(on, age)) for name, age in _LEFT_AT), (_LAST_BRACKET, date.min))


def bracket_thresholds(on: date) -> list[tuple[str, date]]:
    """Brackets from young to old, each with the date its members were all born after.

    Someone with one exact birth date belongs to the first bracket whose date is before it.
    """
    return list(_thresholds(on))


def is_child(earliest: date | None, latest: date | None, on: date) -> bool:
    """Whether someone may be under 18 on ``on``. Without a birth: not known to be a child."""
    if earliest is None or latest is None:
        return False
    return latest > _thresholds(on)[2][1]


def reference_date(earliest: date, latest: date, on: date) -> date:
    """The one date that stands for the range when a bracket is chosen (rule 2 above)."""
    adulthood = _thresholds(on)[2][1]
    if earliest <= adulthood < latest:
        return date.fromordinal(adulthood.toordinal() + 1)
    return earliest + (latest - earliest) // 2


def age_bracket(birth_earliest: date | None, birth_latest: date | None, on: date) -> str:
    """The bracket on ``on``: one of ``BRACKETS``; "unknown" without a birth."""
    if birth_earliest is None or birth_latest is None:
        return UNKNOWN_BRACKET
    reference = reference_date(birth_earliest, birth_latest, on)
    for name, born_after in _thresholds(on):
        if reference > born_after:
            return name
    return _LAST_BRACKET


def birth_of_bracket(bracket: str, on: date) -> Birth | None:
    """The births of everybody in a bracket on ``on``; None for "unknown".

    ``age_bracket`` of the answer on ``on`` is the bracket again. Nobody in 12-17 is taken for an
    adult later without cause: while the range reaches below 18, the person is a child. Raises
    ``ValueError`` for what is no bracket.
    """
    if bracket == UNKNOWN_BRACKET:
        return None
    if bracket not in BRACKETS:
        raise ValueError("no such bracket")
    latest = on
    for name, left_at in (*_LEFT_AT, (_LAST_BRACKET, OLDEST_AGE)):
        born_after = years_before(on, left_at)
        if name == bracket:
            return Birth(
                born_after + ONE_DAY, latest, BirthPrecision.BRACKET, Calendar.GREGORIAN, ""
            )
        latest = born_after
    raise AssertionError("unreachable")
