"""The rules about doubtful data, from facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.births import parse_birth
from intake.choices import Calendar, QuestionCode, Relationship, Sex
from intake.quality.catalogue import CATALOGUE, PERSON_QUESTIONS, answers, words
from intake.quality.rules import CERTAIN, POSSIBLE, Fact, Home, findings, to_ask, year_said

ON = date(2021, 7, 5)
C = QuestionCode


def fact(birth: str = "1990-05-04", relationship: str = "unknown", sex: str = "F") -> Fact:
    """A member as the desk would read the birth."""
    if not birth:
        return Fact(sex, None, None, relationship)
    born = parse_birth(birth, said_on=ON)
    return Fact(sex, born.earliest, born.latest, relationship, born.precision, born.calendar)


def found(*members: Fact, **about: object) -> dict[str, tuple[tuple[int, ...], str]]:
    """What is found, by code."""
    home = Home(members, ON, **about)  # type: ignore[arg-type]
    return {f.code: (f.members, f.severity) for f in findings(home)}


def asked(*members: Fact, **about: object) -> set[str]:
    """The codes that are asked about."""
    return {f.code for f in to_ask(Home(members, ON, **about))}  # type: ignore[arg-type]


def test_a_plain_family_raises_nothing() -> None:
    family = [
        fact("1360", "head", "M"),
        fact("about 36", "spouse"),
        fact("12", "child", "M"),
        fact("13 months", "child"),
    ]
    assert asked(*family, declared=4) == set()


def test_the_size_that_was_told_is_compared_with_who_is_written_down() -> None:
    assert asked(fact(), declared=2) == {C.DECLARED_SIZE}
    assert asked(fact(), declared=2, counted=2) == set()
    # Of a group that is pre-registered only one person is written down.
    assert asked(fact(), declared=2, complete=False) == set()


@pytest.mark.parametrize(
    ("births", "severity"),
    [(["10", "7"], CERTAIN), (["about 18"], POSSIBLE), (["10", ""], None), (["10", "30"], None)],
)
def test_children_without_an_adult(births: list[str], severity: str | None) -> None:
    home = found(*(fact(birth) for birth in births))
    assert home.get(C.NO_ADULT, ((), None))[1] == severity


@pytest.mark.parametrize(
    ("birth", "severity"), [("15", CERTAIN), ("about 18", POSSIBLE), ("25", None), ("", None)]
)
def test_a_spouse_who_may_be_under_18(birth: str, severity: str | None) -> None:
    home = found(fact("1360", "head", "M"), fact(birth, "spouse"))
    assert home.get(C.YOUNG_SPOUSE, ((), None))[1] == severity


@pytest.mark.parametrize(
    ("relationship", "head", "other", "severity"),
    [
        ("child", "1990-05-04", "2002-05-03", CERTAIN),
        ("child", "1990-05-04", "2002-05-04", None),
        ("child", "about 30", "19", POSSIBLE),
        ("child", "1990", "2001", CERTAIN),
        ("child", "1990", "2002", POSSIBLE),
        ("child", "1990", "2003", None),
        ("child", "", "2001", None),
        ("parent", "1990-05-04", "1980-05-04", CERTAIN),
        ("parent", "1990-05-04", "1978-05-04", None),
        ("grandparent", "1990-05-04", "1970-05-04", CERTAIN),
        ("grandparent", "1990-05-04", "1960-05-04", None),
        ("grandchild", "1970-05-04", "1990-05-04", CERTAIN),
        ("step_child", "1990-05-04", "1995-05-04", None),
        ("foster_child", "1990-05-04", "1995-05-04", None),
        ("sibling", "1990-05-04", "1991-05-04", None),
    ],
)
def test_a_parent_less_than_twelve_years_older(
    relationship: str, head: str, other: str, severity: str | None
) -> None:
    home = found(fact(head, "head"), fact(other, relationship))
    assert home.get(C.YOUNG_PARENT, ((), None))[1] == severity
    # What is only possible is so of nearly every family whose ages are estimates.
    is_asked = C.YOUNG_PARENT in asked(fact(head, "head"), fact(other, relationship))
    assert is_asked == (severity == CERTAIN)


def test_with_two_heads_a_child_may_be_of_either() -> None:
    child = fact("2001-05-04", "child")
    near, far = fact("1990-05-04", "head"), fact("1970-05-04", "head")
    home = found(near, far, child)
    assert home[C.TWO_HEADS] == ((0, 1), CERTAIN)
    assert C.YOUNG_PARENT not in home


@pytest.mark.parametrize(
    ("birth", "year"),
    [
        ("1990-01-01", "1990"),
        ("1 Hamal 1370", "1370"),
        ("1/1/1370", "1370"),
        ("1 Muharram 1411", "1411 q"),
        ("1 Muharram 1310 q", ""),
        ("1990-01-02", ""),
        ("1990-03-21", ""),
        ("1990", ""),
        ("31", ""),
        ("", ""),
    ],
)
def test_the_first_day_of_a_year_in_the_calendar_it_was_said_in(birth: str, year: str) -> None:
    said = fact(birth) if "1310" not in birth else Fact("F", None, None, "unknown")
    assert year_said(said) == year
    assert (C.FIRST_OF_YEAR in found(said)) == bool(year)
    assert C.FIRST_OF_YEAR not in found(replace(said, exact=True))
    if year:
        born = parse_birth(year, said_on=ON)
        assert said.earliest is not None
        assert born.earliest == said.earliest
        assert born.latest > said.earliest
        assert born.calendar == said.calendar


@given(st.integers(1290, 1400), st.sampled_from(Calendar.values))
def test_the_year_alone_begins_on_that_day(year: int, calendar: str) -> None:
    text = {
        "solar_hijri": f"{max(year, 1305)}-01-01",
        "gregorian": f"{year + 621}-01-01",
        "lunar_hijri": f"1 Muharram {min(max(year + 40, 1345), 1442)}",
    }[calendar]
    said = fact(text)
    assert said.calendar == calendar
    assert parse_birth(year_said(said), said_on=ON).earliest == said.earliest


def test_a_sex_that_is_not_recorded() -> None:
    assert found(fact(), fact(sex="unknown"))[C.SEX_UNKNOWN] == ((1,), CERTAIN)


def test_every_question_has_words_and_answers() -> None:
    assert set(CATALOGUE) == set(C.values)
    assert set(CATALOGUE) >= PERSON_QUESTIONS
    for code in C.values:
        text = words(code, {"declared": 5, "counted": 4, "households": 2})
        assert text.endswith("?")
        assert "%" not in text
        assert answers(code)
    assert "2 other households" in words(C.PHONE_ELSEWHERE, {"households": 2})
    assert "1 other household." in words(C.DOCUMENT_ELSEWHERE, {"households": 1})


# Properties ------------------------------------------------------------------------------------
_days = st.dates(date(1935, 1, 1), ON)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """Any member."""
    if draw(st.integers(0, 5)) == 0:
        earliest = latest = None
    else:
        earliest = draw(_days)
        latest = min(earliest + timedelta(days=draw(st.sampled_from([0, 364, 3650]))), ON)
    return Fact(
        draw(st.sampled_from(Sex.values)),
        earliest,
        latest,
        draw(st.sampled_from(Relationship.values)),
        draw(st.sampled_from(["day", "year", "unknown"])),
        draw(st.sampled_from(Calendar.values)),
    )


homes = st.lists(facts(), min_size=1, max_size=7)
sizes = st.none() | st.integers(1, 9)


@given(homes, sizes, st.randoms(use_true_random=False))
def test_the_order_of_the_members_does_not_matter(
    members: list[Fact], declared: int | None, random: object
) -> None:
    order = list(range(len(members)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = findings(Home([members[i] for i in order], ON, declared))
    back = {(f.code, frozenset(order[i] for i in f.members), f.severity) for f in shuffled}
    straight = findings(Home(members, ON, declared))
    assert back == {(f.code, frozenset(f.members), f.severity) for f in straight}


@given(homes, sizes, st.data())
def test_a_wider_range_never_makes_a_finding_certain(
    members: list[Fact], declared: int | None, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(members) - 1))
    one = members[index]
    if one.earliest is None or one.latest is None:
        wider = one
    else:
        days = st.integers(0, 4000)
        wider = replace(
            one,
            earliest=one.earliest - timedelta(days=data.draw(days)),
            latest=min(one.latest + timedelta(days=data.draw(days)), ON),
        )
    changed = [*members[:index], wider, *members[index + 1 :]]

    def certain(people: list[Fact]) -> set[tuple[str, tuple[int, ...]]]:
        found = findings(Home(people, ON, declared))
        return {(f.code, f.members) for f in found if f.severity == CERTAIN}

    assert certain(changed) <= certain(members)


@given(homes, st.integers(19, 80))
def test_an_adult_takes_the_doubt_about_children_away(members: list[Fact], age: int) -> None:
    adult = fact(str(age), "not_related")
    assert C.NO_ADULT not in found(*members, adult)
