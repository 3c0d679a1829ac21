"""Moving a household from one site to another in one step."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput
from reception.choices import RESERVED_STATUSES, PlacementStatus
from reception.errors import refusals_as_errors
from reception.models import Placement, Site
from reception.services import rules
from reception.services.counters import Moves
from reception.services.locks import lock_household, lock_placement
from reception.services.placing import new_placement


def transfer_placement(
    *,
    actor: Any,
    placement: Placement,
    site: Site,
    arrived: bool = False,
    reserved_until: datetime | None = None,
    placement_id: uuid.UUID | None = None,
    note: str = "",
) -> Placement:
    """End `placement` and give the household places at `site`, both or neither; the new one.

    The new one points to the old (`previous`); reserved, or checked in when the family has
    `arrived`. The actor needs the permission at both sites. Raises what `place_household` raises,
    and InvalidState for a placement that has ended.
    """
    rules.require_write(actor, placement.site)
    rules.require_write(actor, site)
    if reserved_until is not None:
        reserved_until = rules.check_moment("reserved_until", reserved_until, future=True)
    status = PlacementStatus.CHECKED_IN if arrived else PlacementStatus.RESERVED
    needed = placement.household.members.in_count().count()
    with refusals_as_errors(site, needed=needed), transaction.atomic():
        household = lock_household(placement.household_id)
        old = lock_placement(placement.pk)
        if made := _already_made(placement_id, old=old, site=site):
            return made
        _check_other_site(old, site)
        places = rules.places_needed(household)
        rules.check_care(household, site)
        moves = Moves().add(old.site_id, old.status, -old.places)
        _end_old(old, actor=actor, to_site=site)
        new = new_placement(
            actor=actor,
            household=household,
            site=site,
            status=status,
            places=places,
            reserved_until=reserved_until,
            placement_id=placement_id,
            note=note,
            previous=old,
        )
        from_site = {"from_site": old.site.code}
        rules.tell("placement.transferred", new, actor=actor, occurred_at=clock.now(), **from_site)
        moves.add(site.pk, status, places, arrives=True).write()
    return new


def _end_old(old: Placement, *, actor: Any, to_site: Site) -> None:
    waiting = old.status in RESERVED_STATUSES
    rules.advance(
        old,
        PlacementStatus.CANCELLED if waiting else PlacementStatus.CHECKED_OUT,
        event="placement.ended",
        actor=actor,
        occurred_at=clock.now(),
        to_site=to_site.code,
    )


def _check_other_site(old: Placement, site: Site) -> None:
    if old.site_id == site.pk:
        detail = _("The family is already placed at this site. Choose another one.")
        raise InvalidInput("invalid", detail, problems=[FieldProblem("site", "same_site", detail)])


def _already_made(
    placement_id: uuid.UUID | None, *, old: Placement, site: Site
) -> Placement | None:
    made = Placement.objects.filter(pk=placement_id).first() if placement_id else None
    if made is not None and (made.previous_id, made.site_id) != (old.pk, site.pk):
        raise Conflict(
            "conflict", _("Another placement has this id. Send a new id with a new placement.")
        )
    return made
