"""Moving a household from one site to another in one step."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict, FieldProblem, InvalidInput
from intake.models import Household, Person
from reception.choices import RESERVED_STATUSES, PlacementStatus
from reception.errors import refusals_as_errors
from reception.models import Placement, Site, Unit
from reception.services import onward, rules
from reception.services.counters import Moves
from reception.services.ending import end_locked
from reception.services.hard_rules import keep_hard_rules
from reception.services.locks import lock_household
from reception.services.placing import check_people, new_placement
from reception.services.stays import standing


def transfer_placement(
    *,
    actor: Any,
    placement: Placement,
    site: Site,
    arrived: bool = False,
    reserved_until: datetime | None = None,
    placement_id: uuid.UUID | None = None,
    note: str = "",
    unit: Unit | None = None,
    override_reason: str = "",
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
    with refusals_as_errors(site, needed=placement.places, unit=unit), transaction.atomic():
        household = lock_household(placement.household_id)
        old = onward.lock_both_ends(placement.pk)[placement.pk]
        if made := _already_made(placement_id, old=old, site=site):
            return made
        _check_other_site(old, site)
        people = _who_moves(household, old)
        check_people(people, site, unit)
        moves = Moves()
        _end_old(old, actor=actor, to_site=site, moves=moves)
        new, gains = new_placement(
            actor=actor,
            household=household,
            site=site,
            status=PlacementStatus.CHECKED_IN if arrived else PlacementStatus.RESERVED,
            persons=[person.pk for person in people],
            reserved_until=reserved_until,
            placement_id=placement_id,
            note=keep_hard_rules(actor, household, site, note=note, override=override_reason),
            previous=old,
            unit=unit,
            part=old.part,
            split_reason=old.split_reason,
        )
        from_site = {"from_site": old.site.code}
        rules.tell("placement.transferred", new, actor=actor, occurred_at=clock.now(), **from_site)
        moves.join(gains).arrives_at(site.pk).write()
    return new


def _who_moves(household: Household, old: Placement) -> list[Person]:
    """The members whose placement it is, also who did not come or gave the place up for a while."""
    members = rules.members_here(household)
    theirs = {stay.person_id for stay in standing(old)}
    people = [member for member in members if member.pk in theirs]
    # A placement that has ended has nobody; the table of transitions says what is wrong.
    return people or members


def _end_old(old: Placement, *, actor: Any, to_site: Site, moves: Moves) -> None:
    waiting = old.status in RESERVED_STATUSES
    end_locked(
        old,
        PlacementStatus.CANCELLED if waiting else PlacementStatus.CHECKED_OUT,
        actor=actor,
        occurred_at=clock.now(),
        moves=moves,
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
