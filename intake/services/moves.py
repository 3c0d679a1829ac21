"""People who change households: families that part, join and find each other again.

A move is no flow: whoever moves stays in the count, with arrival, needs and history.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from audit.events import record_event
from common import clock
from common.errors import FieldProblem, InvalidState
from common.ids import new_id
from intake.choices import HouseholdStatus, MoveReason, RegistrationLevel, Relationship
from intake.hooks import household_changed
from intake.models import Arrival, Household, HouseholdMove, Person
from intake.references import format_reference, new_token
from intake.services.checking import invalid
from intake.services.composition import refresh_suggestions
from intake.services.exits import NOT_IN_ORDER, earliest_next, settle
from intake.services.permitted import require_editor
from intake.services.rows import new_serials

# What a newcomer is to the focal point of the household, until somebody says it.
_UNSAID = Relationship.UNKNOWN


@transaction.atomic
def move_person(
    *,
    actor: Any,
    person: Person,
    household: Household,
    occurred_at: datetime,
    reason: str,
    relationship: str = _UNSAID,
) -> HouseholdMove:
    """Move a person who is in the count to another household, with their history.

    Both households must be the actor's to change. Raises InvalidInput (`occurred_at`,
    `relationship`), InvalidState ("already_left", "household_closed", "same_household").
    """
    (move,) = move_people(
        actor=actor,
        persons=[person],
        household=household,
        occurred_at=occurred_at,
        reason=reason,
        relationships={person.pk: relationship},
    )
    return move


@transaction.atomic
def move_people(
    *,
    actor: Any,
    persons: Sequence[Person],
    household: Household,
    occurred_at: datetime,
    reason: str,
    relationships: dict[Any, str] | None = None,
    focal_point: Person | None = None,
) -> list[HouseholdMove]:
    """Move people of one household to another, all or none; `focal_point` is named there."""
    if not persons:
        raise invalid([_problem("persons", "required", _("Choose at least one person."))])
    occurred_at = clock.on_operation_clock(occurred_at)
    _check_words(reason, relationships or {})
    source_id = persons[0].household_id
    for pk in {source_id, household.pk}:
        require_editor(actor, pk)
    source, target = _lock_both(source_id, household.pk)
    people = _lock_people(source, persons, occurred_at)
    if target.status != HouseholdStatus.ACTIVE and target.members.exists():
        raise InvalidState("household_closed", _("This household is closed."))
    _copy_arrivals(people, target)
    moves = _write(actor, people, source, target, occurred_at, reason, relationships or {})
    _name_focal_point(target, focal_point)
    _settle_both(actor, source, target, occurred_at, len(moves))
    return moves


@transaction.atomic
def split_household(
    *,
    actor: Any,
    household: Household,
    persons: Sequence[Person],
    occurred_at: datetime,
    focal_point: Person | None = None,
) -> Household:
    """Make a household of its own of some of the people; it has a new reference and token.

    It starts without a place, and without consents: whoever speaks for it now is asked anew.
    Somebody must stay: all of a household is no part of it.
    """
    require_editor(actor, household.pk)
    household = Household.objects.select_for_update().get(pk=household.pk)
    staying = household.members.in_count().exclude(pk__in=[person.pk for person in persons])
    if not staying.exists():
        raise invalid([_problem("persons", "nobody_stays", _("Leave at least one person."))])
    part = _part_of(actor, household)
    move_people(
        actor=actor,
        persons=persons,
        household=part,
        occurred_at=occurred_at,
        reason=MoveReason.SPLIT,
        focal_point=focal_point,
    )
    part.refresh_from_db()
    return part


@transaction.atomic
def join_households(
    *, actor: Any, household: Household, into: Household, occurred_at: datetime
) -> Household:
    """Let everybody of one household live on in another; the first one closes.

    They are two families that live together from now on. One family that was registered twice is
    a possible duplicate instead: that keeps the figures right.
    """
    members = list(household.members.in_count().order_by("position"))
    move_people(
        actor=actor,
        persons=members,
        household=into,
        occurred_at=occurred_at,
        reason=MoveReason.JOINED,
    )
    into.refresh_from_db()
    return into


def living_on_in(household: Household) -> Household:
    """The household in which the people of one that joined another live on; else itself."""
    seen = {household.pk}
    while household.status == HouseholdStatus.CLOSED:
        joined = household.moves_out.filter(reason=MoveReason.JOINED)
        last = joined.select_related("to_household").order_by("occurred_at", "pk").last()
        if last is None or last.to_household_id in seen:
            break
        household = last.to_household
        seen.add(household.pk)
    return household


def _problem(field: str, code: str, detail: Any) -> FieldProblem:
    return FieldProblem(field, code, detail)


def _check_words(reason: str, relationships: dict[Any, str]) -> None:
    problems = []
    if reason not in MoveReason.values:
        problems.append(_problem("reason", "unknown_code", _("Choose a reason from the list.")))
    if set(relationships.values()) - set(Relationship.values):
        problems.append(
            _problem("relationship", "unknown_code", _("Choose a relationship from the list."))
        )
    if problems:
        raise invalid(problems)


def _lock_both(source_id: Any, target_id: Any) -> tuple[Household, Household]:
    if source_id == target_id:
        raise InvalidState("same_household", _("This person is in that household already."))
    rows = Household.objects.filter(pk__in=[source_id, target_id])
    locked = {each.pk: each for each in rows.order_by("pk").select_for_update()}
    return locked[source_id], locked[target_id]


def _lock_people(
    source: Household, persons: Sequence[Person], occurred_at: datetime
) -> list[Person]:
    keys = {person.pk for person in persons}
    rows = Person.objects.filter(pk__in=keys, household=source).order_by("position", "pk")
    locked = list(rows.select_for_update(of=("self",), no_key=True))
    if len(locked) != len(keys):
        detail = _("This person is not in this household.")
        raise invalid([_problem("persons", "unknown", detail)])
    for person in locked:
        if person.left_at is not None:
            raise InvalidState("already_left", _("This person has already left."))
        if not earliest_next(person) <= occurred_at <= clock.now():
            raise invalid([_problem("occurred_at", "out_of_range", NOT_IN_ORDER)])
    return locked


def _write(
    actor: Any,
    people: Iterable[Person],
    source: Household,
    target: Household,
    occurred_at: datetime,
    reason: str,
    relationships: dict[Any, str],
) -> list[HouseholdMove]:
    position = target.members.count()
    moves = []
    for offset, person in enumerate(people):
        moves.append(
            HouseholdMove(
                person=person,
                from_household=source,
                to_household=target,
                occurred_at=occurred_at,
                reason=reason,
                from_relationship=person.relationship,
                was_focal_point=person.is_focal_point,
                recorded_by=actor,
            )
        )
        person.household = target
        person.is_focal_point = False
        person.relationship = relationships.get(person.pk, _UNSAID)
        person.position = position + offset
        person.save(update_fields=["household", "is_focal_point", "relationship", "position"])
    return HouseholdMove.objects.bulk_create(moves)


def _name_focal_point(target: Household, focal_point: Person | None) -> None:
    if focal_point is None:
        return
    target.members.filter(is_focal_point=True).update(is_focal_point=False)
    found = target.members.in_count().filter(pk=focal_point.pk)
    if not found.update(is_focal_point=True, relationship=Relationship.HEAD):
        detail = _("The focal point must be one of the people who move.")
        raise invalid([_problem("focal_point", "unknown", detail)])


def _settle_both(
    actor: Any, source: Household, target: Household, occurred_at: datetime, count: int
) -> None:
    for household, change in ((source, "moved_out"), (target, "moved_in")):
        settle(household, needs_focal_point=True)
        refresh_suggestions(actor=actor, household=household)
        record_event(
            "household.changed", household, actor=actor, occurred_at=occurred_at, **{change: count}
        )
    # First the places that become free, then those that are needed.
    household_changed(source, actor)
    household_changed(target, actor)


def _part_of(actor: Any, household: Household) -> Household:
    operation = Operation.current()
    year = clock.today(operation.zone).year
    (serial,) = new_serials(1)
    return Household.objects.create(
        pk=new_id(),
        reference=format_reference(operation.reference_prefix, year, serial),
        token=new_token(),
        level=RegistrationLevel.INDIVIDUAL,
        origin_area_id=household.origin_area_id,
        preferred_language_id=household.preferred_language_id,
        interpreter_language_id=household.interpreter_language_id,
        legal_basis=household.legal_basis,
        contact={"phones": [], "notes": ""},
        registered_by=actor,
    )


def _copy_arrivals(people: Sequence[Person], target: Household) -> None:
    """The household has people who crossed there: whoever received them still finds them.

    People keep the arrival they came with, and counting goes by it: a copy counts nobody.
    """
    known = set(target.arrivals.values_list("entry_point", "occurred_at"))
    for row in Arrival.objects.filter(persons__in=people).distinct():
        if (row.entry_point_id, row.occurred_at) not in known:
            row.pk, row.household = new_id(), target
            row.save(force_insert=True)
    if not target.arrivals.exists():
        # Only children who were born here: they belong where their family came.
        first = Arrival.objects.filter(household=people[0].household_id).earliest("occurred_at")
        first.pk, first.household = new_id(), target
        first.save(force_insert=True)
