"""Giving a household a place."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput
from intake.models import Household
from reception.choices import MAY_BEGIN_AS, PlacementStatus
from reception.errors import already_placed, refusals_as_errors
from reception.models import Placement, Site
from reception.services import rules
from reception.services.counters import Moves
from reception.services.locks import lock_household, lock_placement

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
) -> Placement:
    """Give the whole household places at `site`: one for each member in the count.

    `status` is reserved (kept until `reserved_until`, by default 24 hours), confirmed or
    checked_in. With a `placement_id` that was used before for the same household and site the
    placement is returned as it is. Raises CapacityExceeded, Conflict (`already_placed`,
    `household_not_placeable`, `interim_care_required`, `site_not_receiving`, `conflict`),
    InvalidInput, NotPermitted.
    """
    placement, _created = place_once(
        actor=actor,
        household=household,
        site=site,
        status=status,
        reserved_until=reserved_until,
        placement_id=placement_id,
        note=note,
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
) -> tuple[Placement, bool]:
    """As `place_household`, and whether it was made now."""
    rules.require_write(actor, site)
    _check_beginning(status)
    if reserved_until is not None:
        reserved_until = rules.check_moment("reserved_until", reserved_until, future=True)
    needed = household.members.in_count().count()
    with refusals_as_errors(site, needed=needed), transaction.atomic():
        household = lock_household(household.pk)
        if made := find_made(placement_id, household=household, site=site):
            return made, False
        places = rules.places_needed(household)
        if Placement.objects.open().filter(household=household).exists():
            raise already_placed()
        rules.check_care(household, site)
        placement = new_placement(
            actor=actor,
            household=household,
            site=site,
            status=status,
            places=places,
            reserved_until=reserved_until,
            placement_id=placement_id,
            note=note,
        )
        rules.tell("placement.made", placement, actor=actor, occurred_at=clock.now())
        Moves().add(site.pk, status, places, arrives=True).write()
    return placement, True


def new_placement(
    *,
    actor: Any,
    household: Household,
    site: Site,
    status: str,
    places: int,
    reserved_until: datetime | None,
    placement_id: uuid.UUID | None,
    note: str = "",
    previous: Placement | None = None,
) -> Placement:
    """The saved row; the caller holds the household's lock and moves the counters."""
    now = clock.now()
    placement = Placement(
        household=household,
        site=site,
        status=status,
        places=places,
        note=note,
        previous=previous,
        placed_by=actor,
    )
    if placement_id is not None:
        placement.id = placement_id
    if status == PlacementStatus.RESERVED:
        placement.reserved_until = reserved_until or now + RESERVATION_LASTS
    if status == PlacementStatus.CHECKED_IN:
        placement.checked_in_at = now
    placement.save(force_insert=True)
    return placement


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
