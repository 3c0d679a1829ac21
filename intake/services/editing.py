"""Changing a household that is registered, and people who follow it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.events import record_event
from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput, InvalidState
from intake.choices import HouseholdStatus
from intake.inputs import MemberInput
from intake.lookups import codes
from intake.models import Arrival, EntryPoint, Household, Person
from intake.quality.refreshing import refresh_questions
from intake.services.checking import arrival_time, invalid
from intake.services.indexing import reindex_household
from intake.services.permitted import require_editor
from intake.services.registration import add_member

PLAIN_FIELDS = ("declared_size", "livestock")
CODED_FIELDS = {
    "origin_area": "areas",
    "preferred_language": "languages",
    "interpreter_language": "languages",
}


@transaction.atomic
def edit_household(
    *,
    actor: Any,
    household: Household,
    changes: dict[str, Any],
    check: Callable[[Household], None] | None = None,
) -> Household:
    """Change what is known of a household: languages, origin, size, phones, livestock, notes.

    `changes` holds the fields to change. `check` is called with the locked row before anything
    is written (If-Match).
    """
    require_editor(actor, household.pk)
    household = Household.objects.select_for_update().get(pk=household.pk)
    if check is not None:
        check(household)
    if household.status != HouseholdStatus.ACTIVE:
        raise InvalidState("household_closed", _("This household is closed."))
    _apply(household, changes)
    household.save()
    if {"phones", "origin_area"} & set(changes):
        reindex_household(household)
    refresh_questions(household)
    record_event("household.changed", household, actor=actor, fields=sorted(changes))
    return household


def _apply(household: Household, changes: dict[str, Any]) -> None:
    problems = []
    known = codes()
    for field, allowed in CODED_FIELDS.items():
        if field not in changes:
            continue
        if changes[field] and changes[field] not in getattr(known, allowed):
            problems.append(
                FieldProblem(
                    field, "unknown_code", _("This value is not known: choose one from the list.")
                )
            )
        setattr(household, f"{field}_id", changes[field] or None)
    size = changes.get("declared_size")
    if size is not None and not 1 <= size <= 200:
        problems.append(
            FieldProblem("declared_size", "out_of_range", _("Write a number from 1 to 200."))
        )
    if problems:
        raise invalid(problems)
    for field in PLAIN_FIELDS:
        if field in changes:
            setattr(household, field, changes[field])
    for field in ("phones", "notes"):
        if field in changes:
            household.contact = {**household.contact, field: changes[field]}


@transaction.atomic
def add_arrival(
    *,
    actor: Any,
    household: Household,
    entry_point: str,
    arrived_at: datetime,
    members: Sequence[MemberInput],
) -> tuple[Arrival, list[Person]]:
    """People who follow a registered household across the border, with an arrival of their own.

    Sent again, people who all have ids of their own are found on the arrival they came with.
    Raises InvalidInput with every problem: `arrived_at`, `members.0.birth`, …
    """
    household = Household.objects.select_for_update().get(pk=household.pk)
    if (known := _already_followed(household, members)) is not None:
        return known, _the_same(actor, household, known, entry_point, arrived_at, members)
    point = EntryPoint.objects.visible_to(actor).filter(code=entry_point).first()
    problems: list[FieldProblem] = []
    arrived_at = arrival_time(arrived_at, "arrived_at", problems)
    if point is None:
        problems.append(
            FieldProblem(
                "entry_point",
                "unknown_code",
                _("This entry point is not known: choose one from the list."),
            )
        )
    if problems or point is None:
        raise invalid(problems)
    arrival = Arrival.objects.create(household=household, entry_point=point, occurred_at=arrived_at)
    persons = []
    for index, member in enumerate(members):
        try:
            persons.append(
                add_member(actor=actor, household=household, data=member, arrival=arrival)
            )
        except InvalidInput as error:
            problems += [
                FieldProblem(f"members.{index}.{p.field}", p.code, p.detail) for p in error.problems
            ]
    if problems:
        raise invalid(problems)
    return arrival, persons


def _already_followed(household: Household, members: Sequence[MemberInput]) -> Arrival | None:
    """The arrival with which all of these came, when they are registered with it."""
    ids = [member.id for member in members if member.id is not None]
    if not ids or len(ids) < len(members):
        return None
    found = household.members.select_related("arrival__entry_point").in_bulk(ids)
    arrivals = {person.arrival for person in found.values()}
    if len(found) < len(set(ids)) or len(arrivals) != 1:
        return None
    return arrivals.pop()


def _the_same(
    actor: Any,
    household: Household,
    arrival: Arrival,
    entry_point: str,
    arrived_at: datetime,
    members: Sequence[MemberInput],
) -> list[Person]:
    """The people who were sent before; Conflict when anything else is sent with their ids now."""
    moment = clock.on_operation_clock(arrived_at)
    if (arrival.entry_point.code, arrival.occurred_at) != (entry_point, moment):
        raise Conflict("conflict", _("These ids were used for another arrival."))
    return [
        add_member(actor=actor, household=household, data=member, arrival=arrival)
        for member in members
    ]
