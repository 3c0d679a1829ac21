"""A family at two sites: by decision only, with a reason, and back together."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import clock
from common.errors import FieldProblem, InvalidInput, InvalidState
from intake.models import Household, Person
from reception.choices import (
    HOLDING_STATES,
    PRESENT_STATUSES,
    RESERVED_STATUSES,
    PlacementStatus,
    StayState,
)
from reception.errors import refusals_as_errors
from reception.models import Placement, Site, Stay, Unit
from reception.services import rules
from reception.services.counters import Moves
from reception.services.ending import end_locked
from reception.services.locks import lock_household, lock_open_placements
from reception.services.placing import RESERVATION_LASTS, check_people, new_placement
from reception.services.stays import close_stays, open_stays, standing


def split_placement(
    *,
    actor: Any,
    placement: Placement,
    persons: Collection[uuid.UUID],
    site: Site,
    reason: str,
    arrived: bool = False,
    reserved_until: datetime | None = None,
    unit: Unit | None = None,
) -> Placement:
    """Give some members of a placed family places at another site (or apart at the same one).

    A decision, with a reason: a mother who goes to hospital with one child, a son who must be kept
    apart. The others keep their places; at least one stays. Neither part may be children alone
    without interim care. Raises what `place_household` raises, and InvalidState `wrong_state`.
    """
    rules.require_write(actor, placement.site)
    rules.require_write(actor, site)
    if reserved_until is not None:
        reserved_until = rules.check_moment("reserved_until", reserved_until, future=True)
    reason = rules.check_reason(reason)
    status = PlacementStatus.CHECKED_IN if arrived else PlacementStatus.RESERVED
    with refusals_as_errors(site, needed=len(persons), unit=unit), transaction.atomic():
        household = lock_household(placement.household_id)
        held = lock_open_placements([household.pk])
        old = _open(held, placement)
        going, left = _parts(household, old, persons)
        check_people(going, site, unit)
        keys = {person.pk for person in going}
        moves = _leave(old, keys, left)
        new, gains = new_placement(
            actor=actor,
            household=household,
            site=site,
            status=status,
            persons=sorted(keys),
            reserved_until=reserved_until,
            placement_id=None,
            previous=old,
            unit=unit,
            part=max(each.part for each in held) + 1,
            split_reason=reason,
        )
        rules.tell("placement.split", new, actor=actor, occurred_at=clock.now())
        moves.join(gains).arrives_at(site.pk).write()
    return new


def _parts(
    household: Household, old: Placement, persons: Collection[uuid.UUID]
) -> tuple[list[Person], list[Stay]]:
    """Who goes, and the stays of who is left; neither nobody nor children alone may be left."""
    members = {member.pk: member for member in rules.members_here(household)}
    stays = [stay for stay in standing(old) if stay.person_id in members]
    going = rules.chosen([members[stay.person_id] for stay in stays], persons)
    keys = {person.pk for person in going}
    left = [stay for stay in stays if stay.person_id not in keys]
    _check_rest(left)
    rules.check_care([members[stay.person_id] for stay in left], old.site)
    return going, left


def _leave(old: Placement, going: set[uuid.UUID], left: list[Stay]) -> Moves:
    """Take those who go out of the placement; what the counters must learn of it."""
    moves = Moves()
    close_stays(old, clock.now(), moves, persons=going)
    old.places = sum(stay.state in HOLDING_STATES for stay in left)
    if old.status in PRESENT_STATUSES and _nobody_present(left):
        old.status = PlacementStatus.ABSENT
    old.save(update_fields=["places", "status"])
    return moves


def reunite_placement(*, actor: Any, placement: Placement, arrived: bool = True) -> Placement:
    """Bring a part of a family back to where the others are; the placement of the family.

    `arrived` False: they are expected there. Raises CapacityExceeded, InvalidState `wrong_state`
    when no other part has a place.
    """
    with transaction.atomic():
        household = lock_household(placement.household_id)
        held = lock_open_placements([household.pk])
        part = _open(held, placement)
        others = [each for each in held if each.pk != part.pk and each.transfer_of_id is None]
        if not others:
            raise InvalidState(
                "wrong_state", _("No other part of this family has a place."), state=part.status
            )
        home = min(others, key=lambda each: each.part)
        rules.require_write(actor, part.site)
        rules.require_write(actor, home.site)
        now, moves = clock.now(), Moves()
        people = [stay.person_id for stay in standing(part)]
        waiting = home.status in RESERVED_STATUSES
        end_locked(
            part,
            PlacementStatus.CANCELLED
            if part.status in RESERVED_STATUSES
            else PlacementStatus.CHECKED_OUT,
            actor=actor,
            occurred_at=now,
            moves=moves,
            to_site=home.site.code,
        )
        with refusals_as_errors(home.site, needed=len(people)), transaction.atomic():
            state = StayState.PRESENT if arrived and not waiting else StayState.DUE
            open_stays(home, people, state, now, moves)
            home.places += len(people)
            if home.status == PlacementStatus.ABSENT and state == StayState.PRESENT:
                home.status, home.absence_reason = PlacementStatus.CHECKED_IN, ""
            if state == StayState.DUE and not waiting and home.reserved_until is None:
                home.reserved_until = now + RESERVATION_LASTS
            home.save(update_fields=["places", "status", "absence_reason", "reserved_until"])
            rules.tell("placement.reunited", home, actor=actor, occurred_at=now, by=len(people))
            moves.arrives_at(home.site_id).write()
    return home


def _open(held: list[Placement], placement: Placement) -> Placement:
    found = next((each for each in held if each.pk == placement.pk), None)
    if found is None or found.transfer_of_id is not None or found.transfers.open().exists():
        raise InvalidState(
            "wrong_state",
            _("This family has no place here now, or is on its way. Finish that first."),
            state=placement.status,
        )
    return found


def _check_rest(left: list[Stay]) -> None:
    if not any(stay.state != StayState.NOT_COME for stay in left):
        detail = _("Nobody would be left here. Move the whole family instead.")
        raise InvalidInput(
            "invalid", detail, problems=[FieldProblem("persons", "whole_family", detail)]
        )


def _nobody_present(left: list[Stay]) -> bool:
    return not any(stay.state in (StayState.PRESENT, StayState.DUE) for stay in left)
