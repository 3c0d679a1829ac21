"""People leaving the count, coming back, and following their household."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import DomainError, InvalidInput, InvalidState, NotPermitted
from intake import hooks
from intake.choices import HouseholdStatus, NeedStatus, ProcessStatus
from intake.models import Arrival, Household, Person, PersonExit, SpecificNeed
from intake.services import add_member, record_exit, reverse_exit
from intake.services.editing import add_arrival, edit_household
from tests.factories.intake import ARRIVED_AT, make_entry_point, make_household, member

pytestmark = pytest.mark.django_db


def leave(actor: User, person: Person, **fields: Any) -> PersonExit:
    """A departure an hour after the arrival."""
    at = ARRIVED_AT + timedelta(hours=1)
    fields = {"reason": "spontaneous_departure", "occurred_at": at, **fields}
    return record_exit(actor=actor, person=person, **fields)


def test_the_focal_point_leaves_and_another_takes_over(alice: User) -> None:
    home = make_household(alice)
    head = home.members.get(is_focal_point=True)
    leave(alice, head)
    head.refresh_from_db()
    assert head.process_status == ProcessStatus.INACTIVE
    assert home.members.get(is_focal_point=True).position == 1
    event = Event.objects.get(kind="person.exited")
    assert (event.subject_reference, event.data) == (home.reference, {})


def test_the_last_one_closes_the_household_and_may_come_back(alice: User) -> None:
    home = make_household(alice, [member()])
    person = home.members.get()
    leave(alice, person)
    home.refresh_from_db()
    assert home.status == HouseholdStatus.CLOSED
    with pytest.raises(InvalidState) as refused:
        leave(alice, person)
    assert refused.value.code == "already_left"
    reverse_exit(actor=alice, person=person)
    home.refresh_from_db()
    assert home.status == HouseholdStatus.ACTIVE
    assert home.members.get().is_focal_point
    with pytest.raises(InvalidState):
        reverse_exit(actor=alice, person=person)
    leave(alice, person)
    assert PersonExit.objects.filter(person=person).count() == 2


@pytest.mark.parametrize("shift", [timedelta(days=-1), timedelta(days=3650)])
def test_an_exit_lies_between_the_arrival_and_now(alice: User, shift: timedelta) -> None:
    person = make_household(alice).members.get(position=0)
    with pytest.raises(InvalidInput) as refused:
        leave(alice, person, occurred_at=ARRIVED_AT + shift)
    assert [p.field for p in refused.value.problems] == ["occurred_at"]
    assert not PersonExit.objects.exists()


def test_only_editors_of_that_household_change_it(
    alice: User, bob: User, carol: User, omar: User
) -> None:
    home = make_household(alice, entry_point="RUZVAI")
    person = home.members.get(position=0)
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            leave(actor, person)
        with pytest.raises(NotPermitted):
            edit_household(actor=actor, household=home, changes={"livestock": "2 goats"})
    leave(alice, person)
    for actor in (bob, carol, omar):
        with pytest.raises(NotPermitted):
            reverse_exit(actor=actor, person=person)
    home.refresh_from_db()
    assert home.livestock == ""
    assert home.members.filter(left_at=None).count() == 4


def test_the_database_allows_one_open_exit_and_one_focal_point(alice: User) -> None:
    home = make_household(alice)
    first = leave(alice, home.members.get(position=0))
    with pytest.raises(IntegrityError, match="person_exit_one_open"), transaction.atomic():
        PersonExit.objects.create(
            person=first.person, reason="deceased", occurred_at=ARRIVED_AT, recorded_by=alice
        )
    with pytest.raises(IntegrityError, match="household_one_focal_point"), transaction.atomic():
        home.members.filter(left_at=None).update(is_focal_point=True)
    with pytest.raises(IntegrityError, match="person_exit_has_reason"), transaction.atomic():
        home.members.filter(position=2).update(left_at=ARRIVED_AT)


def test_what_a_higher_app_refuses_takes_the_exit_back(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(household: Household, actor: Any) -> None:
        raise InvalidState("not_now", "Not now.")

    home = make_household(alice)
    monkeypatch.setattr(hooks, "_changed", [refuse])
    with pytest.raises(InvalidState, match="not_now"):
        leave(alice, home.members.get(position=0))
    assert not PersonExit.objects.exists()
    assert home.members.filter(left_at=None).count() == 5


def test_suggestions_follow_and_what_people_decided_stays(alice: User) -> None:
    home = make_household(
        alice,
        [
            member("Mother", birth="1990", relationship="head"),
            member("Child", birth="9", relationship="child"),
        ],
    )
    needs = SpecificNeed.objects.filter(person__household=home)
    assert needs.get(type_id="SP-PT").status == NeedStatus.SUGGESTED
    add_member(actor=alice, household=home, data=member("Father", sex="M", birth="1988"))
    assert not needs.filter(type_id="SP-PT").exists()
    father = home.members.get(position=2)
    leave(alice, father)
    needs.filter(type_id="SP-PT").update(status=NeedStatus.CLOSED)
    reverse_exit(actor=alice, person=father)
    leave(alice, father)
    assert [n.status for n in needs.filter(type_id="SP-PT")] == [NeedStatus.CLOSED]


def test_followers_sent_again_are_the_same_people_on_one_arrival(alice: User) -> None:
    home = make_household(alice)
    people = [member("Aunt", id=uuid4()), member("Cousin", id=uuid4())]
    at = ARRIVED_AT + timedelta(hours=3)
    made = [
        add_arrival(actor=alice, household=home, entry_point="TEM", arrived_at=at, members=people)
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert Arrival.objects.filter(household=home).count() == 2
    assert home.members.count() == 7


def test_every_problem_of_followers_is_told_with_its_place(alice: User) -> None:
    home = make_household(alice)
    people = [member("Aunt"), member(" "), member("Cousin", birth="tomorrow")]
    with pytest.raises(InvalidInput) as refused:
        add_arrival(
            actor=alice,
            household=home,
            entry_point="TEM",
            arrived_at=ARRIVED_AT + timedelta(hours=3),
            members=people,
        )
    assert [(p.field, p.code) for p in refused.value.problems] == [
        ("members.1.name", "required"),
        ("members.2.birth", "unreadable"),
    ]
    assert (home.members.count(), home.arrivals.count()) == (5, 1)


@pytest.mark.parametrize("year", [1, 9999])
def test_followers_do_not_come_at_impossible_times(alice: User, year: int) -> None:
    home = make_household(alice)
    make_entry_point()
    with pytest.raises(InvalidInput):
        add_arrival(
            actor=alice,
            household=home,
            entry_point="TEM",
            arrived_at=datetime(year, 12, 31, 23, 59, tzinfo=UTC),
            members=[member()],
        )
    assert home.arrivals.count() == 1


def test_two_who_record_the_same_departure_leave_one(alice: User) -> None:
    person = make_household(alice).members.get(position=0)
    stale = Person.objects.get(pk=person.pk)
    leave(alice, person)
    with pytest.raises(DomainError, match="already_left"):
        leave(alice, stale, occurred_at=clock.now())
