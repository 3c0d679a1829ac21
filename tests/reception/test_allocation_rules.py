"""The hard rules of an allocation, one by one, and their words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reception.allocation.facts import (
    ANY,
    FAMILIES,
    MEN,
    QUARANTINE,
    WOMEN,
    Family,
    Places,
    Policy,
    Problem,
    Refusal,
    Said,
    SiteFacts,
)
from reception.allocation.rules import CODES, may_use, refusals, together_refusals
from reception.allocation.words import SENTENCES, describe
from reception.choices import UnitSection

FAMILY = Family(key="H1", size=4)
SITE = SiteFacts(code="S", name="School 3", type="collective_centre", free=10, border_km=90)


def codes(family: Family, site: SiteFacts, **more: object) -> list[str]:
    return [each.code for each in refusals(family, site, **more)]  # type: ignore[arg-type]


def test_sections_are_those_of_units() -> None:
    assert {ANY, WOMEN, FAMILIES, MEN, QUARANTINE} == set(UnitSection.values)


def test_a_family_may_go_where_no_rule_forbids_it() -> None:
    assert codes(FAMILY, SITE) == []


@pytest.mark.parametrize(
    ("family", "site", "code"),
    [
        ({"size": 11}, {}, "too_few_places"),
        ({"not_at": frozenset({"S"})}, {}, "excluded_by_decision"),
        ({"locked": "T"}, {}, "locked_elsewhere"),
        ({}, {"receiving": False}, "site_not_receiving"),
        ({}, {"manual_only": True}, "by_hand_only"),
        ({"children_alone": True}, {}, "interim_care_required"),
        ({"quarantine": True}, {}, "quarantine_required"),
        ({}, {"quarantine": True}, "quarantine_only"),
        ({"medical_minutes": 30}, {}, "care_distance_unknown"),
        ({"medical_minutes": 30}, {"health_minutes": 31}, "care_too_far"),
        ({}, {"border_km": 49}, "near_border"),
        ({"nights": 5}, {"border_km": 2, "first_line": True}, "near_border_first_nights"),
        ({"apart_from": frozenset({"X"})}, {"present_keys": frozenset({"X"})}, "keep_apart"),
        ({"men_only": True}, {"places": (Places(WOMEN, True, 9),)}, "no_such_places"),
    ],
)
def test_each_rule_forbids_what_it_is_for(
    family: dict[str, object], site: dict[str, object], code: str
) -> None:
    found = refusals(replace(FAMILY, **family), replace(SITE, **site))  # type: ignore[arg-type]
    assert code in [each.code for each in found]
    assert all("%" not in describe(each) and describe(each) for each in found)


@pytest.mark.parametrize(
    ("family", "site"),
    [
        ({"locked": "S"}, {"manual_only": True}),
        ({"children_alone": True}, {"interim_care": True}),
        ({"quarantine": True}, {"quarantine": True}),
        ({"medical_minutes": 30}, {"health_minutes": 30}),
        ({"nights": 4}, {"border_km": 2, "first_line": True}),
        ({}, {"border_km": 50}),
        ({"men_only": True}, {"places": (Places(MEN, False, 9),)}),
        ({"women_only": True}, {"places": (Places(WOMEN, False, 9),)}),
    ],
)
def test_each_rule_permits_what_it_is_not_for(
    family: dict[str, object], site: dict[str, object]
) -> None:
    assert codes(replace(FAMILY, **family), replace(SITE, **site)) == []  # type: ignore[arg-type]


def test_a_province_along_the_border_needs_a_decision_with_a_name() -> None:
    near = replace(SITE, border_km=3)
    named = Policy(near_border_sites=frozenset({"S"}), near_border_decision="GBAO, 6 July")
    assert codes(FAMILY, near) == ["near_border"]
    assert codes(FAMILY, near, policy=named) == []
    with pytest.raises(ValueError, match="decision"):
        Policy(near_border_sites=frozenset({"S"}))


def test_by_hand_opens_a_safe_house_and_nothing_else() -> None:
    safe = replace(SITE, manual_only=True, receiving=False)
    assert codes(FAMILY, safe, by_hand=True) == ["site_not_receiving"]


def test_single_men_and_families_are_in_different_sections() -> None:
    men = replace(FAMILY, men_only=True)
    assert not may_use(men, Places(FAMILIES, True, 9))
    assert not may_use(men, Places(WOMEN, True, 9))
    assert not may_use(FAMILY, Places(MEN, True, 9))
    assert not may_use(FAMILY, Places(WOMEN, True, 9))


def test_a_family_needs_one_kind_of_place_large_enough() -> None:
    parts = replace(SITE, places=(Places(FAMILIES, False, 3), Places(ANY, False, 3)))
    (refusal,) = refusals(FAMILY, parts)
    assert (refusal["needed"], refusal["free"]) == (4, 3)


def test_step_free_is_a_rule_only_where_the_policy_says_so() -> None:
    needs = replace(FAMILY, accessible=1)
    assert codes(needs, SITE) == []
    assert "no_step_free_places" in codes(needs, SITE, policy=Policy(step_free_required=True))


def test_keep_apart_holds_within_one_proposal() -> None:
    other = Family(key="H2", size=1, apart_from=frozenset({"H1"}))
    assert [each.code for each in together_refusals(FAMILY, [other], SITE)] == ["keep_apart"]
    assert together_refusals(FAMILY, [FAMILY], SITE) == ()


def test_every_refusal_has_words_and_survives_json() -> None:
    assert set(CODES) <= set(SENTENCES)
    said = Refusal.of("care_too_far", site="Tents", minutes=30, is_at=45)
    assert Said.from_json(said.as_json()).values == said.values
    assert "45" in describe(said)


def test_bad_facts_are_refused() -> None:
    with pytest.raises(ValueError, match="same key"):
        Problem((FAMILY, FAMILY), (SITE,))
    with pytest.raises(ValueError, match="one member"):
        Problem((replace(FAMILY, size=0),), (SITE,))
