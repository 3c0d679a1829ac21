"""A family that was registered twice, in other scripts. Invented people only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from accounts.models import User
from intake.duplicates import find_duplicates
from intake.models import DuplicatePair, Household, Person
from tests.factories.intake import ARRIVED_AT, make_household, member

FIRST = (
    {"name": "Amir Khan", "father_name": "Ghulam Sakhi", "sex": "M", "birth": "1979-03-22"},
    {"name": "Rawshanak", "father_name": "Nazar", "birth": "1983-07-15"},
    {"name": "Rustam", "father_name": "Amir Khan", "sex": "M", "birth": "2016-05-01"},
)
AGAIN = (
    {"name": "امیر خان", "father_name": "غلام سخی", "sex": "M", "birth": "about 42"},
    {"name": "Равшанак", "father_name": "Назар", "birth": "38"},
    {"name": "رستم", "father_name": "امیر خان", "sex": "M", "birth": "5"},
)
UNCLE = {"name": "Farhad", "father_name": "Nabi", "sex": "M", "birth": "1981-02-03"}
STRANGERS = (
    {"name": "Gulnora Saidova", "father_name": "Said", "birth": "1975-01-02"},
    {"name": "Bakhtiyor", "father_name": "Davlat", "sex": "M", "birth": "2001-06-07"},
)
RELATIONS = ("head", "spouse", "child", "sibling")


def family(actor: User, people: Any = FIRST, *, days: int = 0, **fields: Any) -> Household:
    """A household of these people, who came so many days later than the first."""
    members = [
        member(**{"relationship": RELATIONS[min(index, 3)], **each})
        for index, each in enumerate(people)
    ]
    arrived = ARRIVED_AT + timedelta(days=days)
    return make_household(actor, members, arrived_at=arrived, **fields)


def offered(household: Household) -> DuplicatePair:
    """The one pair that the search offers for a household."""
    (pair,) = find_duplicates([household.pk])
    return pair


def registered_twice(actor: User, again: Any = AGAIN, **fields: Any) -> DuplicatePair:
    """The family, and the day after again as `again`, as the queue offers them."""
    family(actor)
    return offered(family(actor, again, days=1, **fields))


def named(household: Household, position: int = 0) -> Person:
    """The member who was written at this place of the form."""
    return household.members.select_related("household").order_by("position")[position]
