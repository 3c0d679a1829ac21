"""Households change through intake's own services; their places follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import User
from audit.models import Event
from common import clock
from common.errors import CapacityExceeded
from intake.duplicates.decisions import decide_pair, undo_decision
from intake.models import DuplicatePair, Household
from intake.services import record_exit, separate_person
from reception import services
from reception.models import Placement, Site
from reception.selectors import counter_drifts
from tests.factories.intake import make_entry_point, make_household, member
from tests.factories.reception import make_officer, make_placement, make_site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _operation(operation):
    make_entry_point()
    yield
    assert counter_drifts() == []


@pytest.fixture
def pair(alice):
    """Two registrations of the same three people, the second a little later."""
    first, second = (_family(alice) for _ in range(2))
    return DuplicatePair.objects.create(first=first, second=second, score=0.98, reasons=[])


def _family(actor: User, size: int = 3) -> Household:
    names = ("Zarina Rahimi", "Karim Rahimi", "Laylo Rahimi", "Omid Rahimi")[:size]
    births = ("1990", "1985", "2015", "2017")
    people = [
        member(name, birth=birth, **({"relationship": "child"} if index else {}))
        for index, (name, birth) in enumerate(zip(names, births, strict=False))
    ]
    made = make_household(actor, people)
    return getattr(made, "household", made)


def now_of(row):
    return type(row).objects.get(pk=row.pk)


def test_one_who_is_separated_loses_the_place_through_intake(alice, dana):
    household, site = _family(alice), make_site(places=5)
    placement = make_placement(site, household=household)
    person = household.members.order_by("position")[1]
    separate_person(
        actor=dana, person=person, outcome="held_separately", occurred_at=clock.now(), record={}
    )
    assert (now_of(placement).places, now_of(site).reserved) == (2, 2)


def test_the_last_one_to_leave_ends_the_placement_through_intake(alice):
    household, site = _family(alice, 2), make_site(places=5)
    placement = make_placement(site, household=household, status="checked_in")
    for person in household.members.order_by("-position"):
        record_exit(
            actor=alice,
            person=person,
            reason="voluntary_return",
            occurred_at=clock.now(),
        )
    assert now_of(placement).status == "checked_out"
    assert now_of(site).taken == 0


def test_two_places_become_one_and_come_back(pair, dana):
    kept, ended_site = make_site(), make_site()
    mine = make_placement(kept, household=pair.first, status="checked_in")
    theirs = make_placement(ended_site, household=pair.second, status="checked_in")
    decide_pair(actor=dana, pair=pair, same=True)
    assert (now_of(mine).status, now_of(theirs).status) == ("checked_in", "checked_out")
    assert (now_of(kept).present, now_of(ended_site).taken) == (3, 0)
    undo_decision(actor=dana, pair=pair)
    assert (now_of(theirs).status, now_of(theirs).ended_at) == ("checked_in", None)
    assert now_of(ended_site).present == 3


def test_the_only_place_goes_to_the_survivor_and_back(pair, dana):
    site = make_site()
    placement = make_placement(site, household=pair.second, status="checked_in")
    decide_pair(actor=dana, pair=pair, same=True)
    assert now_of(placement).household == pair.first
    assert (now_of(placement).status, now_of(placement).places) == ("checked_in", 3)
    undo_decision(actor=dana, pair=pair)
    assert now_of(placement).household == pair.second
    assert now_of(site).present == 3


def test_a_place_that_was_given_away_does_not_come_back(pair, dana):
    site = make_site(places=3)
    make_placement(make_site(), household=pair.first)
    theirs = make_placement(site, household=pair.second)
    decide_pair(actor=dana, pair=pair, same=True)
    make_placement(site, size=1)
    undo_decision(actor=dana, pair=pair)
    assert now_of(theirs).status == "cancelled"
    assert now_of(site).reserved == 1
    assert Event.objects.get(kind="placement.not_restored").data["reason"] == "capacity_exceeded"


def test_a_reservation_that_would_have_run_out_does_not_come_back(pair, dana, monkeypatch):
    make_placement(make_site(), household=pair.first, status="checked_in")
    theirs = make_placement(make_site(), household=pair.second)
    decide_pair(actor=dana, pair=pair, same=True)
    later = clock.now() + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    undo_decision(actor=dana, pair=pair)
    assert now_of(theirs).status == "cancelled"


def test_what_happened_to_a_moved_placement_since_stays(pair, dana):
    placement = make_placement(make_site(), household=pair.second, status="checked_in")
    decide_pair(actor=dana, pair=pair, same=True)
    services.check_out(actor=make_officer(), placement=placement)
    undo_decision(actor=dana, pair=pair)
    assert now_of(placement).household == pair.first
    assert Placement.objects.open().count() == 0


def test_both_reserved_with_members_that_join(dana, alice):
    first, second = _family(alice), _family(alice, 4)
    pair = DuplicatePair.objects.create(first=first, second=second, score=0.9, reasons=[])
    tight = make_site(places=3)
    make_placement(tight, household=first)
    make_placement(make_site(), household=second)
    with pytest.raises(CapacityExceeded):
        decide_pair(actor=dana, pair=pair, same=True)
    assert Household.objects.filter(status="active").count() == 2
    assert Site.objects.get(pk=tight.pk).reserved == 3


def test_every_key_to_households_is_declared_here():
    from intake.merging import undeclared

    assert not [key for key in undeclared() if key.startswith("reception.")]
