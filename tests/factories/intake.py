"""Households through the registration service. Invented people only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import User
from intake.inputs import HouseholdInput, MemberInput
from intake.models import EntryPoint, Household
from intake.services import register_household

DUSHANBE = ZoneInfo("Asia/Dushanbe")
ARRIVED_AT = datetime(2021, 7, 5, 4, 30, tzinfo=DUSHANBE)


def make_entry_point(code: str = "TEM", **fields: Any) -> EntryPoint:
    """An official crossing."""
    found, _ = EntryPoint.objects.get_or_create(
        code=code,
        defaults={
            "name": code.title(),
            "kind": "official",
            "area_id": "3590401",
            **fields,
        },
    )
    return found


def member(name: str = "Zarina", **fields: Any) -> MemberInput:
    """One person as typed."""
    return MemberInput(**{"name": name, "sex": "F", "birth": "1990-05-04", **fields})


FAMILY = (
    {"name": "محمد نبی", "sex": "M", "birth": "1360", "relationship": "head"},
    {"name": "Зарина", "sex": "F", "birth": "about 36", "relationship": "spouse"},
    {"name": "Sohrab", "sex": "M", "birth": "12", "relationship": "child"},
    {"name": "Golnaz", "sex": "F", "birth": "2015-03-21", "relationship": "child"},
    {"name": "Malika", "sex": "F", "birth": "13 months", "relationship": "child"},
)


def household_input(members: Any = None, **fields: Any) -> HouseholdInput:
    """A household as typed: by default a family of five."""
    return HouseholdInput(
        **{
            "entry_point": "TEM",
            "arrived_at": ARRIVED_AT,
            "members": [MemberInput(**each) for each in FAMILY] if members is None else members,
            **fields,
        }
    )


def make_household(actor: User, members: Any = None, **fields: Any) -> Household:
    """A registered household."""
    make_entry_point(fields.get("entry_point", "TEM"))
    return register_household(actor=actor, data=household_input(members, **fields)).household
