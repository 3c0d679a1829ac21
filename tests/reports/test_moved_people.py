"""Figures of a past instant when people have changed households since."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import User
from common import clock
from intake.choices import MoveReason
from intake.services import move_people, split_household
from reception.selectors import unplaced_persons
from reports.selectors import Moment, arrivals
from tests.factories.intake import ARRIVED_AT, DUSHANBE, make_household
from tests.factories.reception import make_placement, make_site

pytestmark = pytest.mark.django_db


def at(hours: float) -> datetime:
    return ARRIVED_AT + timedelta(hours=hours)


def test_who_parts_had_the_place_of_the_family_until_then(alice: User) -> None:
    with clock.replaying(at(1)):
        home = make_household(alice)
        make_placement(make_site(), household=home)
    son = home.members.get(position=2)
    split_household(actor=alice, household=home, persons=[son], occurred_at=at(5))
    assert unplaced_persons(at(3)) == 0
    assert unplaced_persons(at(6)) == 1


def test_who_joined_a_family_with_a_place_had_none_before(alice: User) -> None:
    with clock.replaying(at(1)):
        home, other = make_household(alice), make_household(alice)
        make_placement(make_site(), household=home)
    son = other.members.get(position=2)
    move_people(
        actor=alice, persons=[son], household=home, occurred_at=at(5), reason=MoveReason.JOINED
    )
    assert unplaced_persons(at(3)) == 5
    assert unplaced_persons(at(6)) == 4


def test_a_family_that_parted_arrived_as_one(alice: User) -> None:
    home = make_household(alice)
    moment = Moment(at(30), DUSHANBE)
    before = arrivals(moment)
    son = home.members.get(position=2)
    split_household(actor=alice, household=home, persons=[son], occurred_at=at(5))
    assert [row["households"] for row in before] == [1]
    assert arrivals(moment) == before
