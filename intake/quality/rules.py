"""What is doubtful in a household, from facts alone: no names, no database.

Source: domain/standards.md 1.6, the flags of UNICEF HOPE and of the UNHCR registration guidance.
A rule says of each finding whether it is certain or only possible. Births are ranges: a finding
is certain when it holds for every pair of days in them. So a wider range never makes a finding
certain, and every finding is the same whatever the order of the members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from intake.births import CHILD_AGE, is_child, solar_hijri_parts, years_before
from intake.births.dates import lunar_hijri_date
from intake.choices import BirthPrecision, Calendar, QuestionCode, Relationship, Sex

CERTAIN, POSSIBLE = "certain", "possible"
# Completed years that lie at least between a parent and a child (HOPE).
GENERATION = 12
# Generations between the head and a relative: above (the relative is older) or below. Step- and
# foster children may have any age, and whose child a relative of the spouse is, nobody said.
_GENERATIONS: dict[str, int] = {
    Relationship.CHILD: -1,
    Relationship.GRANDCHILD: -2,
    Relationship.PARENT: 1,
    Relationship.GRANDPARENT: 2,
}


@dataclass(frozen=True)
class Fact:
    """What is known of one member without opening the identity.

    `exact`: the day is known to the desk itself, as of a child born here.
    """

    sex: str
    earliest: date | None
    latest: date | None
    relationship: str
    precision: str = BirthPrecision.UNKNOWN
    calendar: str = Calendar.GREGORIAN
    exact: bool = False


@dataclass(frozen=True)
class Finding:
    """One doubt. `members` are indexes, whom it is about first; `person` False: about all."""

    code: str
    members: tuple[int, ...]
    severity: str = CERTAIN
    person: bool = True


@dataclass(frozen=True)
class Home:
    """The members, in any order, and the day on which their ages count.

    `declared`: the size that was told, None when nobody asked; `counted`: those who are recorded
    for it, None to count the members. `complete` is False for a group of which one person is
    written down.
    """

    members: Sequence[Fact]
    on: date
    declared: int | None = None
    counted: int | None = None
    complete: bool = True


def year_said(fact: Fact) -> str:
    """The year of a birth on the first day of a year of its own calendar, as people say it.

    "1360", "1990", "1411 q"; empty for every other birth. Such a day is mostly what somebody wrote
    who knew the year only.
    """
    day = fact.earliest
    if day is None or day != fact.latest or fact.precision != BirthPrecision.DAY:
        return ""
    if fact.calendar == Calendar.SOLAR_HIJRI:
        year, month, number = solar_hijri_parts(day)
        return str(year) if (month, number) == (1, 1) else ""
    if fact.calendar == Calendar.LUNAR_HIJRI:
        return _lunar_new_year(day)
    return str(day.year) if (day.month, day.day) == (1, 1) else ""


def _lunar_new_year(day: date) -> str:
    # 33 lunar years are about 32 solar ones.
    about = (day.year - 622) * 33 // 32
    for year in range(about - 1, about + 3):
        try:
            if lunar_hijri_date(year, 1, 1) == day:
                return f"{year} q"
        except ValueError:
            continue
    return ""


def _declared_size(home: Home) -> Iterator[Finding]:
    counted = len(home.members) if home.counted is None else home.counted
    if home.complete and home.declared is not None and home.declared != counted:
        yield Finding(QuestionCode.DECLARED_SIZE, (), person=False)


def _no_adult(home: Home) -> Iterator[Finding]:
    """Nobody is known to be 18; one of unknown age counts as an adult, as for needs."""
    everybody = tuple(range(len(home.members)))
    children = [is_child(m.earliest, m.latest, home.on) for m in home.members]
    if home.complete and children and all(children):
        grown = years_before(home.on, CHILD_AGE)
        sure = all(m.earliest is not None and m.earliest > grown for m in home.members)
        yield Finding(QuestionCode.NO_ADULT, everybody, CERTAIN if sure else POSSIBLE, person=False)


def _young_spouse(home: Home) -> Iterator[Finding]:
    grown = years_before(home.on, CHILD_AGE)
    for index, fact in enumerate(home.members):
        spouse = fact.relationship == Relationship.SPOUSE
        if spouse and is_child(fact.earliest, fact.latest, home.on):
            sure = fact.earliest is not None and fact.earliest > grown
            yield Finding(QuestionCode.YOUNG_SPOUSE, (index,), CERTAIN if sure else POSSIBLE)


def _young_parent(home: Home) -> Iterator[Finding]:
    """Relationships are to the head; with two heads, whichever of them is meant."""
    heads = _heads(home)
    for index, fact in enumerate(home.members):
        if not heads or not (generations := _GENERATIONS.get(fact.relationship)):
            continue
        years = GENERATION * abs(generations)
        pairs = [
            (fact, home.members[head]) if generations > 0 else (home.members[head], fact)
            for head in heads
        ]
        found = [_too_close(older, younger, years) for older, younger in pairs]
        if all(found):
            severity = CERTAIN if set(found) == {CERTAIN} else POSSIBLE
            yield Finding(QuestionCode.YOUNG_PARENT, (index, *heads), severity)


def _too_close(older: Fact, younger: Fact, years: int) -> str:
    """Certain: less than `years` lie between even the days furthest apart. Empty: never."""
    if older.earliest is None or older.latest is None:
        return ""
    if younger.earliest is None or younger.latest is None:
        return ""
    if older.earliest > years_before(younger.latest, years):
        return CERTAIN
    return POSSIBLE if older.latest > years_before(younger.earliest, years) else ""


def _first_of_year(home: Home) -> Iterator[Finding]:
    for index, fact in enumerate(home.members):
        if not fact.exact and year_said(fact):
            yield Finding(QuestionCode.FIRST_OF_YEAR, (index,))


def _two_heads(home: Home) -> Iterator[Finding]:
    if len(heads := _heads(home)) > 1:
        yield Finding(QuestionCode.TWO_HEADS, heads, person=False)


def _sex_unknown(home: Home) -> Iterator[Finding]:
    for index, fact in enumerate(home.members):
        if fact.sex == Sex.UNKNOWN:
            yield Finding(QuestionCode.SEX_UNKNOWN, (index,))


def _heads(home: Home) -> tuple[int, ...]:
    return tuple(
        index for index, fact in enumerate(home.members) if fact.relationship == Relationship.HEAD
    )


RULES: tuple[Callable[[Home], Iterator[Finding]], ...] = (
    _declared_size,
    _no_adult,
    _two_heads,
    _young_spouse,
    _young_parent,
    _first_of_year,
    _sex_unknown,
)
# Ages are mostly estimates: that a parent might be too young is so of nearly every family.
ASKED_ONLY_WHEN_CERTAIN = frozenset({QuestionCode.YOUNG_PARENT})


def findings(home: Home) -> list[Finding]:
    """Everything that is doubtful, certain or possible, in the order of the rules."""
    return [finding for rule in RULES for finding in rule(home)]


def to_ask(home: Home) -> list[Finding]:
    """The findings about which the desk is asked."""
    return [
        finding
        for finding in findings(home)
        if finding.severity == CERTAIN or finding.code not in ASKED_ONLY_WHEN_CERTAIN
    ]
