"""Possible duplicates: who decides, what a merge does, and that it can be undone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import Event
from common.errors import Conflict, InvalidState, NotPermitted
from common.ids import new_id
from intake import merging
from intake.choices import ExitReason, HouseholdStatus, PairStatus
from intake.duplicates import (
    candidates_for,
    decide_pair,
    describe,
    find_duplicates,
    surviving,
    undo_decision,
)
from intake.duplicates.people import Member, Rates
from intake.duplicates.scoring import OFFERED_FROM, compare
from intake.duplicates.weights import Weights, first_weights
from intake.frequencies import Frequencies
from intake.imports import import_spreadsheet
from intake.models import DuplicatePair, Household, Person, SpecificNeed
from tests.factories.desk import make_entry_points, sheet

FAMILY = [
    {"name": "Amir Khan", "father_name": "Ghulam Sakhi", "birth": "22/03/1979"},
    {"name": "Rawshanak", "sex": "f", "relationship": "wife", "birth": "1983-07-15"},
    {"name": "Rustam", "father_name": "Amir Khan", "relationship": "son", "birth": "1395"},
]
SAME_FAMILY = [
    {"name": "امیر خان", "father_name": "غلام سخی", "birth": "about 42"},
    {"name": "Равшанак", "sex": "f", "relationship": "wife", "birth": "38"},
    {"name": "رستم", "father_name": "Амирхон", "relationship": "son", "birth": "5"},
]


def imported(actor: User, *families: list[dict[str, Any]]) -> list[Household]:
    """Households of families, the later ones a day later each."""
    make_entry_points()
    rows = [
        {**row, "household_no": str(number), "arrived_at": f"2021-07-0{number + 4} 05:26"}
        for number, family in enumerate(families, 1)
        for row in family
    ]
    import_spreadsheet(actor=actor, filename="x.csv", content=sheet(rows))
    return list(Household.objects.order_by("arrivals__occurred_at"))


@pytest.fixture
def pair(alice: User) -> DuplicatePair:
    """One family, registered twice in other scripts, the second time with an uncle more."""
    uncle = {"name": "Farhad", "relationship": "sibling", "birth": "1360", "father_name": "Nabi"}
    needy = [{**SAME_FAMILY[0], "specific_needs": "wheelchair"}, *SAME_FAMILY[1:], uncle]
    imported(alice, FAMILY, needy)
    return DuplicatePair.objects.get()


@pytest.mark.django_db
def test_a_family_is_recognised_in_another_script(pair: DuplicatePair, alice: User) -> None:
    assert pair.score >= OFFERED_FROM
    assert len(pair.matches) == 3
    assert describe(pair.reasons) == [
        "3 of 3 members have a counterpart of like name, sex and age",
        "3 names are the same",
        "3 fathers' names are the same",
        "2 births fit",
        "the same place of origin",
    ]
    found = candidates_for(pair.first, user=alice)
    assert [candidate.household for candidate in found] == [pair.second]


@pytest.mark.django_db
def test_relatives_with_one_name_in_common_are_not_offered(alice: User) -> None:
    cousin = {**FAMILY[2], "birth": "1388"}
    imported(alice, FAMILY, [cousin, {**FAMILY[1], "name": "Malika", "birth": "1340"}])
    assert not DuplicatePair.objects.exists()


@pytest.mark.django_db
def test_same_closes_the_later_household_and_loses_nobody(pair: DuplicatePair, dana: User) -> None:
    decide_pair(actor=dana, pair=pair, same=True)
    earlier, later = Household.objects.order_by("arrivals__occurred_at")
    assert (later.status, later.merged_into) == (HouseholdStatus.CLOSED, earlier)
    assert surviving(later) == earlier
    counted = Person.objects.in_count()
    assert counted.count() == 4  # three known people and the uncle who came only later
    assert set(counted.values_list("household", flat=True)) == {earlier.pk}
    assert Person.objects.filter(exit_reason=ExitReason.DUPLICATE, household=later).count() == 3
    # The need that was told only the second time stays with the person who is counted.
    assert SpecificNeed.objects.get(type="DS-PM").person.household == earlier
    assert Event.objects.filter(kind="household.merged", subject_id=later.pk).count() == 1


@pytest.mark.django_db
def test_different_is_never_offered_again(pair: DuplicatePair, alice: User, dana: User) -> None:
    decide_pair(actor=dana, pair=pair, same=False)
    assert find_duplicates([pair.first_id, pair.second_id]) == []
    assert candidates_for(pair.first, user=alice) == []
    assert DuplicatePair.objects.get().status == PairStatus.DIFFERENT


@pytest.mark.django_db
@pytest.mark.parametrize("same", [True, False])
def test_the_second_officer_gets_a_conflict(pair: DuplicatePair, dana: User, same: bool) -> None:
    stale = DuplicatePair.objects.get(pk=pair.pk)
    decide_pair(actor=dana, pair=pair, same=same)
    with pytest.raises(Conflict) as caught:
        decide_pair(actor=dana, pair=stale, same=not same)
    assert caught.value.code == "already_decided"


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["alice", "bob", "carol", "omar"])
def test_nobody_else_decides(pair: DuplicatePair, who: str, request: pytest.FixtureRequest) -> None:
    actor = request.getfixturevalue(who)
    for act in (lambda: decide_pair(actor=actor, pair=pair, same=True),):
        with pytest.raises(NotPermitted):
            act()
    with pytest.raises(NotPermitted):
        undo_decision(actor=actor, pair=pair)
    assert DuplicatePair.objects.get().status == PairStatus.OPEN
    assert not Household.objects.filter(merged_into__isnull=False).exists()


@pytest.mark.django_db
def test_a_merged_household_is_not_merged_again(alice: User, dana: User) -> None:
    first, second, third = imported(alice, FAMILY, SAME_FAMILY, FAMILY)
    pairs = {
        frozenset((each.first_id, each.second_id)): each for each in DuplicatePair.objects.all()
    }
    decide_pair(actor=dana, pair=pairs[frozenset((second.pk, third.pk))], same=True)
    with pytest.raises(InvalidState):
        decide_pair(actor=dana, pair=pairs[frozenset((first.pk, third.pk))], same=True)
    decide_pair(actor=dana, pair=pairs[frozenset((first.pk, second.pk))], same=True)
    # The repeat of the repeat leads straight to the household that is left.
    assert Household.objects.get(pk=third.pk).merged_into == first
    with pytest.raises(InvalidState):
        undo_decision(actor=dana, pair=pairs[frozenset((second.pk, third.pk))])
    undo_decision(actor=dana, pair=pairs[frozenset((first.pk, second.pk))])
    undo_decision(actor=dana, pair=pairs[frozenset((second.pk, third.pk))])
    assert Person.objects.in_count().count() == 9


@pytest.mark.django_db
def test_separated_people_are_not_compared(alice: User) -> None:
    remark = {"remarks": "to border service"}
    imported(alice, [{**FAMILY[0], **remark}], [FAMILY[0]])
    assert not DuplicatePair.objects.exists()


def test_every_key_to_a_household_or_person_says_what_a_merge_does() -> None:
    missing = merging.undeclared()
    assert not missing, (
        "Declare these in the app that owns them (apps.py, register_merge): " + ", ".join(missing)
    )


def a_member(name: str, year: int, sex: str = "F") -> Member:
    """Somebody born in a year."""
    return Member(
        new_id(),
        name,
        sex=sex,
        earliest=date(year, 1, 1),
        latest=date(year, 12, 31),
        seen=date(2021, 7, 5),
    )


# As shipped, and before anybody was counted.
RATES = Rates(Weights(first_weights()), Frequencies())

members = st.lists(
    st.builds(
        a_member,
        st.sampled_from(["Sara", "Зарғуна", "محمد", "Amir Khan", ""]),
        st.integers(1930, 2021),
        st.sampled_from(["F", "M", "unknown"]),
    ),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(members, members)
def test_likeness_is_a_share_and_the_same_in_either_order(a: list[Member], b: list[Member]) -> None:
    there, back = compare(a, b, RATES), compare(b, a, RATES)
    assert 0 <= there.score <= 1
    assert there.score == back.score
    assert len({first for first, _ in there.matches}) == len(there.matches)


def test_sex_and_age_speak_against() -> None:
    mother, son = a_member("Sara", 1980), a_member("Sara", 1980, "M")
    assert compare([mother], [son], RATES).score < 0.01
    assert compare([mother], [a_member("Sara", 2005)], RATES).score < 0.01
    assert compare([mother], [a_member("Sara", 1981)], RATES).score < OFFERED_FROM
