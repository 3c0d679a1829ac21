"""Proposals: the best there is on small questions, no rule broken, everybody explained."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.allocation_streams import one_question
from reception.allocation import aims
from reception.allocation.checking import broken
from reception.allocation.facts import (
    ANY,
    FAMILIES,
    MEN,
    Expected,
    Family,
    Places,
    Problem,
    SiteFacts,
)
from reception.allocation.proposal import Proposal
from reception.allocation.rules import may_use
from reception.allocation.solving import Effort, propose
from reception.allocation.words import describe

QUICK = Effort(steps=200, least_steps=200)
LANGUAGE = frozenset({"prs"})


@st.composite
def families(draw: st.DrawFn) -> tuple[Family, ...]:
    count = draw(st.integers(1, 5))
    return tuple(
        Family(
            key=f"H{number}",
            size=draw(st.integers(1, 4)),
            accessible=draw(st.integers(0, 1)),
            men_only=draw(st.booleans()),
            medical_minutes=draw(st.sampled_from([None, None, 30])),
            near_services=draw(st.integers(0, 1)),
            village=draw(st.sampled_from(["", "A", "B"])),
            kin=draw(st.sampled_from(["", "", "K"])),
            languages=draw(st.sampled_from([frozenset(), LANGUAGE])),
            locked=draw(st.sampled_from(["", "", "", "S0"])),
            apart_from=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"H0"})])),
        )
        for number in range(count)
    )


@st.composite
def sites(draw: st.DrawFn) -> tuple[SiteFacts, ...]:
    found = []
    for number in range(draw(st.integers(1, 3))):
        free = draw(st.integers(0, 9))
        part = draw(st.integers(0, free))
        kinds = (Places(FAMILIES, True, part), Places(ANY, False, free - part))
        found.append(
            SiteFacts(
                code=f"S{number}",
                name=f"Site {number}",
                type="collective_centre",
                free=free,
                places=kinds if draw(st.booleans()) else (),
                health_minutes=draw(st.sampled_from([None, 10, 50])),
                languages=draw(st.sampled_from([frozenset(), LANGUAGE])),
                villages=draw(st.sampled_from([{}, {"A": 3}])),
                cold_rated=draw(st.booleans()),
            )
        )
    return tuple(found)


def points_of(problem: Problem, chosen: dict[str, tuple[SiteFacts, Places]]) -> int:
    """The points of an allocation, counted apart from the model."""
    people = {each.key: each for each in problem.families}
    points = sum(sum(aims.earned(people[k], *at).values()) for k, at in chosen.items())
    for field, worth, spread, least in (
        ("kin", aims.KIN, aims.KIN, 1),
        ("village", aims.VILLAGE, aims.SPREAD, aims.COMMUNITY),
    ):
        for name in {getattr(each, field) for each in problem.families} - {""}:
            asked = sum(getattr(each, field) == name for each in problem.families)
            there = {s.code for s in problem.sites if name in getattr(s, _there(field))}
            if asked < 2 and not there:
                continue
            for site in problem.sites:
                at = sum(
                    getattr(people[k], field) == name and s.code == site.code
                    for k, (s, _) in chosen.items()
                )
                if site.code in there:
                    points += worth * at
                elif at:
                    points += (worth * at if at >= min(least, asked) else 0) - spread
    for site in problem.sites:
        used = sum(people[k].size for k, (s, _) in chosen.items() if s.code == site.code)
        points -= max(used - (site.free - int(site.free * aims.HEADROOM_SHARE)), 0)
    return points


def _there(field: str) -> str:
    return "kin" if field == "kin" else "villages"


def best_by_trying(problem: Problem) -> tuple[int, int, int]:
    """Locked persons placed, persons placed, and points (without urgency) of the best."""
    options: list[list[tuple[SiteFacts, Places] | None]] = []
    for family in problem.families:
        own = [(s, k) for s in problem.sites for k in s.kinds if may_use(family, k)]
        options.append([None, *own])
    best = (-1, -1, -(10**9))
    for chosen in itertools.product(*options):
        at = {
            family.key: cell
            for family, cell in zip(problem.families, chosen, strict=True)
            if cell is not None
        }
        placed = [each for each in problem.families if each.key in at]
        persons = sum(each.size for each in placed)
        locked = sum(each.size for each in placed if each.locked)
        if (locked, persons) < best[:2]:
            continue
        where = {key: site.code for key, (site, _) in at.items()}
        kinds = {key: (kind.section, kind.accessible) for key, (_, kind) in at.items()}
        if not broken(problem, where, kinds):
            best = max(best, (locked, persons, points_of(problem, at)))
    return best


def check(problem: Problem, answer: Proposal) -> None:
    """No rule broken, everybody has a line, and every line can be told."""
    assert broken(problem, answer.assignment, answer.kinds) == []
    assert [line.family for line in answer.lines] == [each.key for each in problem.families]
    for line in answer.lines:
        told = [line.reason, *line.alternatives] if line.site else list(line.missing)
        assert told
        assert all(describe(each) for each in told)
    assert answer.placed <= answer.placed_bound
    assert answer.points <= answer.points_bound


@settings(max_examples=40, deadline=None)
@given(families(), sites())
def test_small_questions_are_answered_as_well_as_by_trying_all(
    asked: tuple[Family, ...], known: tuple[SiteFacts, ...]
) -> None:
    problem = Problem(asked, known)
    answer = propose(problem, effort=QUICK)
    check(problem, answer)
    locked, persons, points = best_by_trying(problem)
    placed = {line.family for line in answer.lines if line.site}
    assert sum(each.size for each in asked if each.key in placed and each.locked) == locked
    assert answer.placed == answer.placed_bound == persons
    if answer.placed == answer.persons:  # else who waited counts too
        assert answer.points == answer.points_bound == points


def test_a_middling_question_keeps_the_rules_and_the_order_does_not_matter() -> None:
    problem = one_question(60, 6, seed=3)
    answer = propose(problem, effort=QUICK)
    check(problem, answer)
    assert answer.gap < 0.25
    dice = random.Random(9)
    mixed = replace(
        problem,
        families=tuple(dice.sample(problem.families, len(problem.families))),
        sites=tuple(dice.sample(problem.sites, len(problem.sites))),
    )
    again = propose(mixed, effort=QUICK)
    assert {line.family: line for line in again.lines} == {
        line.family: line for line in answer.lines
    }
    assert (again.points, again.points_bound) == (answer.points, answer.points_bound)


def test_a_locked_family_stays_when_asked_again() -> None:
    problem = one_question(40, 6, seed=4)
    answer = propose(problem, effort=QUICK)
    family = next(each for each in problem.families if answer.assignment.get(each.key))
    stays = replace(family, locked=answer.assignment[family.key])
    others = tuple(each for each in problem.families if each.key != family.key)
    again = propose(replace(problem, families=(stays, *others)), effort=QUICK)
    check(replace(problem, families=(stays, *others)), again)
    assert again.assignment[family.key] == stays.locked
    line = next(each for each in again.lines if each.family == family.key)
    assert line.reason.code == "locked"


def site(code: str, free: int, **more: object) -> SiteFacts:
    return SiteFacts(code, f"School {code}", "collective_centre", free, **more)  # type: ignore[arg-type]


def test_a_full_site_is_named_with_its_numbers() -> None:
    people = tuple(Family(f"H{n}", 3, village="A") for n in range(5))
    answer = propose(Problem(people, (site("1", 9), site("2", 30, receiving=True))), effort=QUICK)
    assert {line.site for line in answer.lines} == {"2"}
    split = propose(Problem(people, (site("1", 10), site("2", 6))), effort=QUICK)
    alone = [line for line in split.lines if line.site == "2"]
    assert len(alone) == 2
    told = alone[0].alternatives[0]
    assert (told.code, told["families"], told["left"], told["needed"]) == ("full_village", 3, 1, 3)
    assert "3 families of their village but has 1 free place" in describe(told)


def test_what_is_missing_is_told_with_numbers() -> None:
    needs = Family("H1", 6, medical_minutes=30)
    near, far = site("1", 2, health_minutes=20), site("2", 50, health_minutes=40)
    answer = propose(Problem((needs,), (near, far)), effort=QUICK)
    missing = {each.code: each for each in answer.lines[0].missing}
    assert missing["places_missing"]["left"] == 2
    assert missing["places_missing"]["needed"] == 6
    assert missing["without_medical"]["site"] == "School 2"


def test_nobody_and_nowhere() -> None:
    assert propose(Problem((), (site("1", 2),))).lines == ()
    answer = propose(Problem((Family("H1", 1),), ()))
    assert [line.site for line in answer.lines] == [""]
    assert answer.lines[0].missing


def test_scarce_places_are_kept_for_those_who_need_them() -> None:
    """Without prices the speakers of its language fill the only site near care."""
    known = (
        site("near", 8, health_minutes=10, languages=LANGUAGE),
        site("far", 40, health_minutes=120),
    )
    today = tuple(Family(f"H{n}", 2, languages=LANGUAGE) for n in range(4))
    need = Expected(Family("later", 2, medical_minutes=30), 4)
    without = propose(Problem(today, known), effort=QUICK)
    priced = propose(Problem(today, known, expected=(need,)), effort=QUICK)
    assert set(without.assignment.values()) == {"near"}
    assert set(priced.assignment.values()) == {"far"}
    assert {line.alternatives[0].code for line in priced.lines} <= {"kept_for_others"}
    assert [price.site for price in priced.prices] == ["near"]


def test_the_checker_finds_what_is_wrong() -> None:
    known = (site("1", 4, places=(Places(MEN, False, 2), Places(FAMILIES, False, 2))),)
    people = (Family("H1", 2), Family("H2", 2), Family("H3", 9))
    problem = Problem(people, known)
    assert broken(problem, {"H1": "1"}) == []
    assert [each.code for _, each in broken(problem, {"H1": "1", "H2": "1"})] == ["kinds_overfull"]
    assert "too_few_places" in [each.code for _, each in broken(problem, {"H3": "1"})]
    with pytest.raises(KeyError):
        broken(problem, {"H1": "nowhere"})
