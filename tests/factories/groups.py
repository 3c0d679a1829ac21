"""Groups that were counted and not yet named. Invented people only."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from intake.choices import RegistrationLevel
from intake.inputs import GroupCount, HouseholdInput, MemberInput
from intake.models import Household
from intake.services import register_household
from tests.factories import intake as make

# A mother's people: two small girls, a boy of school age, her grandmother, and a man.
OTHERS = (
    ("F", "0-4", 2),
    ("M", "5-11", 1),
    ("F", "60+", 1),
    ("M", "18-59", 1),
)
FOCAL = {"name": "Зарина", "sex": "F", "birth": "34", "relationship": "head"}


def counts(*rows: tuple[str, str, int]) -> tuple[GroupCount, ...]:
    """Counts of the others."""
    return tuple(GroupCount(sex=sex, bracket=bracket, persons=n) for sex, bracket, n in rows)


def group_input(*rows: tuple[str, str, int], **fields: Any) -> HouseholdInput:
    """A group as counted: by default six people with the focal point."""
    return make.household_input(
        **{
            "members": [MemberInput(**FOCAL)],
            "level": RegistrationLevel.GROUP,
            "counts": counts(*(rows or OTHERS)),
            "phones": ["+93700000005"],
            **fields,
        }
    )


def make_group(actor: User, *rows: tuple[str, str, int], **fields: Any) -> Household:
    """A pre-registered group."""
    make.make_entry_point(fields.get("entry_point", "TEM"))
    return register_household(actor=actor, data=group_input(*rows, **fields)).household
