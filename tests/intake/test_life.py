"""Births, returns, transfers, and people who change households."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from accounts.choices import Role, ScopeKind
from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import Conflict, DomainError, InvalidInput, InvalidState, NotPermitted
from intake.choices import EntryKind, HouseholdStatus, MoveReason, NeedStatus, Relationship
from intake.inputs import MemberInput
from intake.models import Household, HouseholdMove, Person, PersonExit, SpecificNeed
from intake.services import (
    join_households,
    move_person,
    record_birth,
    record_exit,
    record_exits,
    record_return,
    reverse_exit,
    split_household,
)
from intake.services.tokens import find_by_token
from tests.factories.accounts import make_user
from tests.factories.intake import ARRIVED_AT, make_household, member

pytestmark = pytest.mark.django_db


def at(hours: float) -> datetime:
    return ARRIVED_AT + timedelta(hours=hours)


def fields_of(error: DomainError) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in error.problems]


def born(actor: User, home: Household, **fields: Any) -> Person:
    data = MemberInput(name=fields.pop("name", ""), sex="F", **fields.pop("data", {}))
    return record_birth(actor=actor, household=home, data=data, **{"occurred_at": at(30), **fields})


# Births ------------------------------------------------------------------------------------------


def test_a_child_is_born_with_an_exact_day_and_no_arrival(alice: User) -> None:
    home = make_household(alice)
    mother = home.members.get(position=1)
    child = born(alice, home, mother=mother, data={"relationship": "child"})
    child.refresh_from_db()
    assert (child.entry, child.arrival, child.arrived_at) == (EntryKind.BIRTH, None, at(30))
    assert child.birth_earliest == child.birth_latest == at(30).date()
    assert child.mother == mother
    assert child.identity.open().name == ""
    assert Event.objects.filter(kind="household.changed", data__born=1).count() == 1


@pytest.mark.parametrize(("hours", "code"), [(-1, "before_arrival"), (24 * 365 * 20, "future")])
def test_a_birth_has_a_possible_time(alice: User, hours: float, code: str) -> None:
    home = make_household(alice)
    with pytest.raises(InvalidInput) as refused:
        born(alice, home, occurred_at=at(hours))
    assert ("occurred_at", code) in fields_of(refused.value)
    assert home.members.count() == 5


def test_a_mother_is_a_woman_of_the_household(alice: User) -> None:
    home, other = make_household(alice), make_household(alice)
    for wrong in (home.members.get(position=0), other.members.get(position=1)):
        with pytest.raises(InvalidInput) as refused:
            born(alice, home, mother=wrong)
        assert fields_of(refused.value) == [("mother", "not_possible")]
    with pytest.raises(InvalidInput):
        born(alice, home, mother=home.members.get(position=3))  # six years old


def test_the_same_birth_sent_again_is_one_child(alice: User) -> None:
    home, pk = make_household(alice), uuid4()
    first = born(alice, home, data={"id": pk})
    assert born(alice, home, data={"id": pk}) == first
    with pytest.raises(Conflict):
        born(alice, home, data={"id": pk}, occurred_at=at(31))
    with pytest.raises(Conflict):
        born(alice, home, data={"id": home.members.first().pk})
    assert home.members.count() == 6


# Leaving and coming back -------------------------------------------------------------------------


def test_one_who_came_back_was_away_in_between(alice: User) -> None:
    home = make_household(alice, [member()])
    person = home.members.get()
    record_exit(actor=alice, person=person, reason="spontaneous_departure", occurred_at=at(2))
    record_return(actor=alice, person=person, occurred_at=at(5))
    home.refresh_from_db()
    assert home.status == HouseholdStatus.ACTIVE
    assert [Person.objects.present(at(h)).count() for h in (1, 2, 4.9, 5)] == [1, 0, 0, 1]
    exit_ = PersonExit.objects.get()
    assert (exit_.returned_at, exit_.return_recorded_by) == (at(5), alice)
    with pytest.raises(InvalidState):
        record_return(actor=alice, person=person, occurred_at=at(6))
    with pytest.raises(InvalidInput):  # not before the return that is recorded
        record_exit(actor=alice, person=person, reason="deceased", occurred_at=at(4))


def test_an_exit_that_never_happened_leaves_no_trace_in_figures(alice: User) -> None:
    home = make_household(alice, [member()])
    person = home.members.get()
    record_exit(actor=alice, person=person, reason="no_show", occurred_at=at(2))
    reverse_exit(actor=alice, person=person)
    assert [Person.objects.present(at(h)).count() for h in (1, 3)] == [1, 1]
    assert PersonExit.objects.get().reversed_at is not None


def test_nobody_comes_back_from_death(alice: User) -> None:
    person = make_household(alice).members.get(position=0)
    record_exit(actor=alice, person=person, reason="deceased", occurred_at=at(2))
    with pytest.raises(InvalidState) as refused:
        record_return(actor=alice, person=person, occurred_at=at(3))
    assert refused.value.code == "cannot_return"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"reason": "forced_return", "voluntary": True}, ("voluntary", "contradiction")),
        ({"reason": "voluntary_return", "voluntary": False}, ("voluntary", "contradiction")),
        ({"reason": "deceased", "voluntary": True}, ("voluntary", "not_asked")),
        ({"reason": "transferred"}, ("destination", "required")),
        ({"reason": "duplicate"}, ("reason", "unknown_code")),
        ({"reason": "resettled", "destination": "x" * 101}, ("destination", "too_long")),
    ],
)
def test_what_is_said_of_an_exit_agrees(
    alice: User, fields: dict[str, Any], problem: tuple[str, str]
) -> None:
    person = make_household(alice).members.get(position=0)
    with pytest.raises(InvalidInput) as refused:
        record_exit(actor=alice, person=person, occurred_at=at(2), **fields)
    assert fields_of(refused.value) == [problem]
    assert not PersonExit.objects.exists()


def test_the_reason_says_whether_a_return_was_wanted_and_force_alarms(alice: User) -> None:
    home = make_household(alice)
    first, second = home.members.order_by("position")[:2]
    one = record_exit(actor=alice, person=first, reason="voluntary_return", occurred_at=at(2))
    assert one.voluntary is True
    assert not Event.objects.filter(kind="protection.alert").exists()
    other = record_exit(actor=alice, person=second, reason="forced_return", occurred_at=at(2))
    assert other.voluntary is False
    assert Event.objects.get(kind="protection.alert").data == {}


def test_a_family_leaves_together_or_not_at_all(alice: User) -> None:
    home = make_household(alice)
    people = list(home.members.all())
    record_exit(actor=alice, person=people[0], reason="deceased", occurred_at=at(1))
    with pytest.raises(InvalidState):
        record_exits(actor=alice, persons=people, reason="resettled", occurred_at=at(2))
    assert home.members.in_count().count() == 4
    record_exits(actor=alice, persons=people[1:], reason="resettled", occurred_at=at(2))
    home.refresh_from_db()
    assert home.status == HouseholdStatus.CLOSED


def test_the_database_keeps_absences_apart(alice: User) -> None:
    person = make_household(alice).members.get(position=0)
    row = {"person": person, "reason": "no_show", "recorded_by": alice}
    back = {"return_recorded_at": clock.now(), "return_recorded_by": alice}
    PersonExit.objects.create(**row, occurred_at=at(1), returned_at=at(3), **back)
    PersonExit.objects.create(**row, occurred_at=at(3), returned_at=at(4), **back)
    for wrong in (
        {"occurred_at": at(2), "returned_at": at(5), **back},
        {"occurred_at": at(2)},
        {"occurred_at": at(6), "returned_at": at(5), **back},
        {"occurred_at": at(6), "returned_at": at(7)},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            PersonExit.objects.create(**row, **wrong)


# Changing households -----------------------------------------------------------------------------


def test_a_household_parts(alice: User) -> None:
    home = make_household(alice, phones=["+93700000001"])
    going = list(home.members.filter(position__in=(1, 4)))
    part = split_household(actor=alice, household=home, persons=going, occurred_at=at(3))
    assert part.reference != home.reference
    assert part.token != home.token
    assert part.phones == []
    assert part.members.in_count().count() == 2
    assert part.members.get(is_focal_point=True) == home_focal(going)
    assert home.members.in_count().count() == 3
    assert {move.reason for move in HouseholdMove.objects.all()} == {MoveReason.SPLIT}
    assert Person.objects.present(at(4)).count() == 5
    bob = make_user(Role.REGISTRAR, scope=ScopeKind.ENTRY_POINT, code="TEM", username="bert")
    assert Household.objects.visible_to(bob).filter(pk=part.pk).exists()
    # A mother alone with an infant now: suggested, and gone from where it no longer follows.
    needs = SpecificNeed.objects.filter(person__household=part, status=NeedStatus.SUGGESTED)
    assert "SP-PT" in set(needs.values_list("type_id", flat=True))


def home_focal(people: list[Person]) -> Person:
    """The eldest of them."""
    return min(people, key=lambda person: person.birth_earliest or at(0).date())


def test_somebody_stays_and_somebody_goes(alice: User) -> None:
    home = make_household(alice)
    for persons in ([], list(home.members.all())):
        with pytest.raises(InvalidInput) as refused:
            split_household(actor=alice, household=home, persons=persons, occurred_at=at(3))
        assert fields_of(refused.value)[0][0] == "persons"
    assert Household.objects.count() == 1


def test_households_join_and_the_empty_one_closes(alice: User) -> None:
    one, other = make_household(alice), make_household(alice, [member("Gul")])
    join_households(actor=alice, household=other, into=one, occurred_at=at(3))
    other.refresh_from_db()
    assert other.status == HouseholdStatus.CLOSED
    assert other.merged_into is None
    assert one.members.in_count().count() == 6
    assert one.members.filter(is_focal_point=True).count() == 1
    with pytest.raises(InvalidInput):
        join_households(actor=alice, household=other, into=one, occurred_at=at(4))
    assert find_by_token(alice, other.token).household == one


def test_a_moved_person_keeps_history_and_says_where_they_were(alice: User) -> None:
    one, other = make_household(alice), make_household(alice, [member("Gul")])
    child = one.members.get(position=3)
    arrival, moved = child.arrival, child.pk
    move_person(
        actor=alice,
        person=child,
        household=other,
        occurred_at=at(3),
        reason=MoveReason.REUNIFICATION,
        relationship=Relationship.GRANDCHILD,
    )
    child = Person.objects.get(pk=moved)
    assert (child.household, child.relationship) == (other, Relationship.GRANDCHILD)
    assert child.arrival == arrival
    move = HouseholdMove.objects.get()
    assert (move.from_household, move.from_relationship) == (one, Relationship.CHILD)
    with pytest.raises(InvalidState):
        move_person(
            actor=alice, person=child, household=other, occurred_at=at(4), reason="correction"
        )


def test_a_move_needs_both_households(alice: User, bob: User, omar: User) -> None:
    from tests.factories.intake import make_entry_point

    make_entry_point("ISHKOSHIM")
    here = make_household(alice)
    there = make_household(alice, entry_point="ISHKOSHIM")
    for actor in (bob, omar):
        with pytest.raises(NotPermitted):
            move_person(
                actor=actor,
                person=here.members.get(position=3),
                household=there,
                occurred_at=at(3),
                reason="reunification",
            )
    assert not HouseholdMove.objects.exists()


def test_a_move_goes_elsewhere_in_the_database_too(alice: User) -> None:
    home = make_household(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        HouseholdMove.objects.create(
            person=home.members.first(),
            from_household=home,
            to_household=home,
            occurred_at=at(1),
            reason="split",
            recorded_by=alice,
        )


# Over REST ---------------------------------------------------------------------------------------

Api = Callable[[User | None], APIClient]


def test_a_device_records_a_life(api: Api, alice: User) -> None:
    home = make_household(alice)
    base, desk = f"/api/v1/households/{home.reference}", api(alice)
    mother = str(home.members.get(position=1).pk)
    child = {"id": str(uuid4()), "sex": "F", "mother": mother, "occurred_at": at(5).isoformat()}
    made = desk.post(f"{base}/births/", child, format="json")
    assert (made.status_code, made.data["entry"]) == (201, "birth")
    assert desk.post(f"{base}/births/", child, format="json").status_code == 200
    left = desk.post(
        f"{base}/exits/",
        {
            "persons": [mother, child["id"]],
            "reason": "spontaneous_departure",
            "occurred_at": at(6).isoformat(),
        },
        format="json",
    )
    assert left.status_code == 201
    assert {row["person"] for row in left.data} == {uid(mother), uid(child["id"])}
    one, other = (row["id"] for row in left.data)
    when = {"occurred_at": at(8).isoformat()}
    assert desk.post(f"{base}/exits/{one}/return/", when, format="json").status_code == 200
    assert desk.post(f"{base}/exits/{one}/return/", when, format="json").status_code == 404
    assert desk.post(f"{base}/exits/{other}/take-back/").status_code == 200
    rows = {row["id"]: row for row in desk.get(f"{base}/exits/").data}
    assert rows[one]["returned_at"] is not None
    assert rows[other]["reversed_at"] is not None


def uid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


def test_a_device_parts_and_joins_households(api: Api, alice: User) -> None:
    home = make_household(alice)
    person = str(home.members.get(position=1).pk)
    move = {"persons": [person], "reason": "split", "occurred_at": at(5).isoformat()}
    made = api(alice).post(f"/api/v1/households/{home.reference}/moves/", move, format="json")
    assert made.status_code == 201
    reference = made.data[0]["to_household"]
    back = {**move, "to": home.reference, "reason": "joined", "relationship": "spouse"}
    back["occurred_at"] = at(6).isoformat()
    url = f"/api/v1/households/{reference}/moves/"
    assert api(alice).post(url, back, format="json").status_code == 201
    assert len(api(alice).get(url).data) == 2
    url = f"/api/v1/households/{home.reference}/moves/"
    wrong = api(alice).post(url, {**back, "to": "PNH-21-999999-X"}, format="json")
    assert wrong.json()["errors"][0]["field"] == "to"


def test_site_staff_record_what_happens_and_change_nothing_else(api: Api, alice: User) -> None:
    sima = make_user(Role.SITE_MANAGER, username="sima")
    home = make_household(alice)
    person = str(home.members.get(position=0).pk)
    base = f"/api/v1/households/{home.reference}"
    gone = {"person": person, "reason": "deceased", "occurred_at": at(6).isoformat()}
    assert api(sima).post(f"{base}/exits/", gone, format="json").status_code == 201
    move = {"persons": [person], "reason": "split", "occurred_at": at(7).isoformat()}
    assert api(sima).post(f"{base}/moves/", move, format="json").status_code == 403


@pytest.mark.parametrize("route", ["births", "exits", "moves"])
def test_others_change_nothing(api: Api, alice: User, carol: User, omar: User, route: str) -> None:
    home = make_household(alice)
    before = (Person.objects.count(), PersonExit.objects.count(), HouseholdMove.objects.count())
    for user, status in ((carol, 403), (omar, 403), (None, 401)):
        answer = api(user).post(f"/api/v1/households/{home.reference}/{route}/", {}, format="json")
        assert answer.status_code == status
    after = (Person.objects.count(), PersonExit.objects.count(), HouseholdMove.objects.count())
    assert before == after
