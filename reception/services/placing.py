"""Giving a household a place."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput
from intake.models import Household, Person
from reception.choices import MAY_BEGIN_AS, PlacementStatus, StayState
from reception.errors import already_placed, refusals_as_errors
from reception.models import Placement, Site, Unit
from reception.services import rules, units
from reception.services.counters import Moves
from reception.services.hard_rules import keep_hard_rules
from reception.services.locks import lock_household, lock_open_placements, lock_placement
from reception.services.stays import close_stays, open_stays, standing

# How long a place is kept for a family that has not come (decided with the field; adjustable per
# placement with `reserved_until`).
RESERVATION_LASTS = timedelta(hours=24)


def place_household(
    *,
    actor: Any,
    household: Household,
    site: Site,
    status: str = PlacementStatus.RESERVED,
    reserved_until: datetime | None = None,
    placement_id: uuid.UUID | None = None,
    note: str = "",
    persons: Collection[uuid.UUID] | None = None,
    split_reason: str = "",
    unit: Unit | None = None,
    override_reason: str = "",
) -> Placement:
    """Give the household places at `site`: one for each member in the count.

    `status` is reserved (kept until `reserved_until`, by default 24 hours), confirmed or
    checked_in. With a `placement_id` that was used before for the same household and site the
    placement is returned as it is. With `persons` only these members get places; unless they are
    the whole family that is a decision and needs a `split_reason`. `unit`: a room or tent of the
    site where all of them fit. `override_reason`: why a rule that may be overridden does not hold
    (hard_rules.OVERRIDABLE). Raises CapacityExceeded (`capacity_exceeded`, `unit_full`),
    Conflict (`already_placed`, `household_not_placeable`, `interim_care_required`,
    `site_not_receiving`, `unit_not_suitable`, `conflict`), InvalidInput, NotPermitted.
    """
    placement, _created = place_once(
        actor=actor,
        household=household,
        site=site,
        status=status,
        reserved_until=reserved_until,
        placement_id=placement_id,
        note=note,
        persons=persons,
        split_reason=split_reason,
        unit=unit,
        override_reason=override_reason,
    )
    return placement


def place_once(
    *,
    actor: Any,
    household: Household,
    site: Site,
    status: str = PlacementStatus.RESERVED,
    reserved_until: datetime | None = None,
    placement_id: uuid.UUID | None = None,
    note: str = "",
    persons: Collection[uuid.UUID] | None = None,
    split_reason: str = "",
    unit: Unit | None = None,
    override_reason: str = "",
) -> tuple[Placement, bool]:
    """As `place_household`, and whether it was made now."""
    rules.require_write(actor, site)
    _check_beginning(status)
    if reserved_until is not None:
        reserved_until = rules.check_moment("reserved_until", reserved_until, future=True)
    needed = len(persons) if persons else household.members.in_count().count()
    with refusals_as_errors(site, needed=needed, unit=unit), transaction.atomic():
        household = lock_household(household.pk)
        if made := find_made(placement_id, household=household, site=site):
            return made, False
        members = rules.members_here(household)
        people = rules.chosen(members, persons)
        part = _part_of(lock_open_placements([household.pk]), members, people)
        reason = rules.check_reason(split_reason) if len(people) < len(members) else ""
        check_people(people, site, unit)
        note = keep_hard_rules(actor, household, site, note=note, override=override_reason)
        placement, moves = new_placement(
            actor=actor,
            household=household,
            site=site,
            status=status,
            persons=[person.pk for person in people],
            reserved_until=reserved_until,
            placement_id=placement_id,
            note=note,
            unit=unit,
            part=part,
            split_reason=reason,
        )
        rules.tell("placement.made", placement, actor=actor, occurred_at=clock.now())
        moves.arrives_at(site.pk).write()
    return placement, True


def check_people(people: Sequence[Person], site: Site, unit: Unit | None = None) -> None:
    """What must hold for these people at this site, and in this unit of it."""
    rules.check_care(people, site)
    if unit is not None:
        units.check_unit(people, site, unit)


def _part_of(held: list[Placement], members: Sequence[Person], people: Sequence[Person]) -> int:
    """The number of the part that these people are: 0 for the family, 1 and on for those apart.

    Whoever did not come to a place that the family has is released from it. Raises Conflict
    `already_placed` when one of them has a place, or all of them belong to one.
    """
    if held and len(people) == len(members):
        raise already_placed()
    named = {person.pk for person in people}
    for placement in held:
        theirs = [stay for stay in standing(placement) if stay.person_id in named]
        if any(stay.state != StayState.NOT_COME for stay in theirs):
            raise already_placed()
        if theirs:
            close_stays(placement, clock.now(), Moves(), persons=named)
    return max((placement.part for placement in held), default=-1) + 1


def new_placement(
    *,
    actor: Any,
    household: Household,
    site: Site,
    status: str,
    persons: Sequence[uuid.UUID],
    reserved_until: datetime | None,
    placement_id: uuid.UUID | None,
    note: str = "",
    previous: Placement | None = None,
    unit: Unit | None = None,
    part: int = 0,
    split_reason: str = "",
    transfer_of: Placement | None = None,
) -> tuple[Placement, Moves]:
    """The saved row with a stay for each person; the caller holds the household's lock.

    The counters are not moved yet: write the `Moves` last.
    """
    now = clock.now()
    placement = Placement(
        household=household,
        site=site,
        status=status,
        places=len(persons),
        note=note,
        previous=previous,
        placed_by=actor,
        part=part,
        split_reason=split_reason,
        transfer_of=transfer_of,
    )
    if placement_id is not None:
        placement.id = placement_id
    here = status == PlacementStatus.CHECKED_IN
    if status == PlacementStatus.RESERVED:
        placement.reserved_until = reserved_until or now + RESERVATION_LASTS
    if here:
        placement.checked_in_at = now
    placement.save(force_insert=True)
    moves = Moves()
    state = StayState.PRESENT if here else StayState.DUE
    incoming = transfer_of is not None
    open_stays(placement, persons, state, now, moves, incoming=incoming, unit=unit)
    return placement, moves


def find_made(
    placement_id: uuid.UUID | None, *, household: Household, site: Site
) -> Placement | None:
    """The placement that an earlier sending of the same request made, if any.

    Raises Conflict `conflict` when the id stands for another household or site.
    """
    made = Placement.objects.filter(pk=placement_id).first() if placement_id else None
    if made is not None and (made.household_id, made.site_id) != (household.pk, site.pk):
        raise Conflict(
            "conflict", _("Another placement has this id. Send a new id with a new placement.")
        )
    return made


def confirm(*, actor: Any, placement: Placement) -> Placement:
    """Keep a reserved place without an end: the family is on its way."""
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        placement.reserved_until = None
        rules.advance(
            placement,
            PlacementStatus.CONFIRMED,
            event="placement.confirmed",
            actor=actor,
            occurred_at=clock.now(),
        )
    return placement


def _check_beginning(status: str) -> None:
    if status not in MAY_BEGIN_AS:
        detail = _("A placement begins as reserved, confirmed or checked_in.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("status", "invalid_choice", detail)]
        )
