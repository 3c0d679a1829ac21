"""Requests and whom they are for. Invented people only."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import Any

from accounts.choices import Role
from accounts.models import Agency, User
from aid.models import AidRequest
from aid.services import request_aid
from common import clock
from intake.choices import EntryPointKind, ExitReason, Sex
from intake.models import (
    Area,
    Arrival,
    EntryPoint,
    Household,
    Identity,
    Person,
)
from intake.models.persons import IdentityData
from intake.references import format_reference, new_token
from reception.choices import SiteStatus, SiteType
from reception.models import Site
from tests.factories import accounts as make

_serial = itertools.count(1)
MEALS = ({"item": "hot meals", "quantity": 600, "unit": "meal"},)


def make_area() -> Area:
    """A district."""
    return Area.objects.get_or_create(
        code="TJ0101", defaults={"label": "Khorog", "country_code": "TJK", "level": 2}
    )[0]


def make_site(code: str = "", **fields: Any) -> Site:
    """An open site."""
    number = next(_serial)
    return Site.objects.create(
        **{
            "code": code or f"SITE-{number}",
            "name": f"School {number}",
            "type": SiteType.COLLECTIVE,
            "status": SiteStatus.OPEN,
            "area": make_area(),
            "capacity": 100,
            **fields,
        }
    )


def make_household(
    *members: tuple[str, int], phones: tuple[str, ...] = ("+93700000001",), **fields: Any
) -> Household:
    """A household that came two days ago; members as (sex, age in years)."""
    number = next(_serial)
    household = Household.objects.create(
        **{
            "reference": format_reference("PNH", 2026, number),
            "token": new_token(),
            "contact": {"phones": list(phones)},
            "registered_by": make.make_user(Role.REGISTRAR),
            **fields,
        }
    )
    entry_point = EntryPoint.objects.get_or_create(
        code="ISHKOSHIM",
        defaults={"name": "Ishkoshim", "kind": EntryPointKind.OFFICIAL, "area": make_area()},
    )[0]
    arrival = Arrival.objects.create(
        household=household,
        entry_point=entry_point,
        occurred_at=clock.now() - timedelta(days=2),
    )
    for position, (sex, age) in enumerate(members or ((Sex.FEMALE, 34), (Sex.MALE, 3))):
        make_person(household, arrival, sex, age, position)
    return household


def make_person(
    household: Household, arrival: Arrival, sex: str, age: int, position: int
) -> Person:
    """A member with a sealed identity."""
    born = date(clock.now().year - age, 1, 1) - timedelta(days=30)
    person = Person.objects.create(
        household=household,
        arrival=arrival,
        arrived_at=arrival.occurred_at,
        position=position,
        is_focal_point=position == 0,
        sex=sex,
        birth_earliest=born,
        birth_latest=born,
    )
    identity = IdentityData(name=f"Gulnora Invented {position}", phones=[f"+9370000010{position}"])
    Identity.sealing(person, identity).save()
    return person


def leave(person: Person, reason: str = ExitReason.SEPARATED) -> Person:
    """Take a person out of the count."""
    person.exit_reason, person.left_at = reason, clock.now()
    person.save()
    return person


def make_request(actor: User, agency: Agency, **fields: Any) -> AidRequest:
    """A submitted request: food for a site unless said otherwise."""
    given = {
        "sector": "food_security",
        "level": "urgent",
        "items": MEALS,
        "summary": "No kitchen works yet",
        **fields,
    }
    given.setdefault("beneficiary", None)
    if given["beneficiary"] is None:
        given["beneficiary"] = make_site()
    return request_aid(actor=actor, agency=agency, **given)
