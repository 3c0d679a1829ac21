"""Households and persons written straight into the tables, for figures only."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from typing import Any

from accounts.models import User
from intake.choices import ProcessStatus
from intake.models import Arrival, EntryPoint, Household, Person, PersonExit

_serial = itertools.count(1)


def entry_point(code: str = "TEM") -> EntryPoint:
    """A crossing."""
    found, _ = EntryPoint.objects.get_or_create(
        code=code, defaults={"name": code.title(), "kind": "official", "area_id": "3590401"}
    )
    return found


def household(actor: User, arrived_at: datetime, code: str = "TEM") -> tuple[Household, Arrival]:
    """An empty household with its arrival."""
    number = next(_serial)
    made = Household.objects.create(
        reference=f"T-{number}", token=f"token-{number}", registered_by=actor
    )
    arrival = Arrival.objects.create(
        household=made, entry_point=entry_point(code), occurred_at=arrived_at
    )
    return made, arrival


def person(
    home: tuple[Household, Arrival],
    *,
    sex: str = "F",
    born: tuple[date, date] | None = (date(1990, 1, 1), date(1990, 1, 1)),
    **fields: Any,
) -> Person:
    """A member of a household."""
    made, arrival = home
    return Person.objects.create(
        household=made,
        arrival=arrival,
        arrived_at=arrival.occurred_at,
        sex=sex,
        birth_earliest=born[0] if born else None,
        birth_latest=born[1] if born else None,
        **fields,
    )


def leave(person: Person, reason: str, at: datetime, actor: User) -> None:
    """The person leaves the count."""
    PersonExit.objects.create(person=person, reason=reason, occurred_at=at, recorded_by=actor)
    person.exit_reason = reason
    person.left_at = at
    person.process_status = ProcessStatus.INACTIVE
    person.save()
