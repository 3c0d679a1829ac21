"""Keeping places in step with the household: people leave, are born, join."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from audit.events import record_event
from common import clock
from intake.choices import HouseholdStatus
from intake.models import Household, HouseholdMove
from reception.choices import (
    HOLDING_STATES,
    PRESENT_STATUSES,
    RESERVED_STATUSES,
    PlacementStatus,
    StayState,
)
from reception.errors import refusals_as_errors
from reception.models import Placement, Stay
from reception.services import rules
from reception.services.counters import Moves, add_people_present
from reception.services.ending import end_locked
from reception.services.locks import (
    lock_household,
    lock_open_placements,
    lock_site,
    lock_sites,
    lock_units,
)
from reception.services.stays import close_stays, open_stays, standing


def household_changed(household: Household, actor: Any) -> None:
    """Adjust the places of a household whose counted members changed.

    Called by intake inside its transaction. Whoever left frees a place; with nobody left the
    placement ends. Whoever joined has a place where the family is (its lowest part):

    - reserved or confirmed: one more place each, or CapacityExceeded, which undoes the change: the
      placement officer first finds a site where the whole family fits;
    - at the site: the person is there already (a birth, a family member who was found), so the
      record must say so. Where no place is free the site's overflow grows by what is missing and
      the event `site.over_capacity` tells it; the overflow is gone once a place becomes free.

    Places that wait at the other end of a transfer follow who leaves; who joined meanwhile is
    added there on arrival.
    """
    household = lock_household(household.pk)
    members = set(household.members.in_count().values_list("pk", flat=True))
    if household.status != HouseholdStatus.ACTIVE:
        members = set()
    locked = lock_open_placements([household.pk, *_moved_to(household)])
    placements = [each for each in locked if each.household_id == household.pk]
    if not placements:
        return
    _lock_sites_and_units(household, locked)
    placed: set[uuid.UUID] = set()
    moves = Moves()
    for placement in placements:
        placed |= _let_leavers_go(placement, members, moves, actor=actor)
    moves.write()
    main = [each for each in placements if each.transfer_of_id is None and each.ended_at is None]
    if main and (joined := members - placed):
        add_members(min(main, key=lambda each: each.part), sorted(joined), actor=actor)


def _moved_to(household: Household) -> set[uuid.UUID]:
    """The households to which members of its placements moved: they are adjusted next.

    In the same transaction, so their placements are locked with ours, before any site: whoever
    checks them in holds the placement and waits for the site.
    """
    stays = Stay.objects.standing().filter(placement__household=household)
    moved = stays.exclude(person__household=household)
    return set(moved.values_list("person__household_id", flat=True))


def _lock_sites_and_units(household: Household, placements: Iterable[Placement]) -> None:
    """All whose counters may change, before the first of them, where they are several."""
    stays = Stay.objects.standing().filter(placement__household=household)
    sites = {placement.site_id for placement in placements}
    units = set(stays.filter(unit__isnull=False).values_list("unit_id", flat=True))
    if len(sites) > 1 or len(units) > 1:
        lock_sites(sites)
    if len(units) > 1:
        lock_units(units)


def _let_leavers_go(
    placement: Placement, members: set[uuid.UUID], moves: Moves, *, actor: Any
) -> set[uuid.UUID]:
    """End the stays of who is no longer in the count; who still belongs to the placement."""
    stays = standing(placement)
    there = {stay.person_id for stay in stays}
    left = there - members
    if not left:
        return there
    now = clock.now()
    moved = _moved(left, from_household=placement.household_id)
    if all(stay.person_id in left or stay.state == StayState.NOT_COME for stay in stays):
        waiting = placement.status in RESERVED_STATUSES
        to = PlacementStatus.CANCELLED if waiting else PlacementStatus.CHECKED_OUT
        end_locked(
            placement,
            to,
            actor=actor,
            occurred_at=now,
            moves=moves,
            reason="nobody_of_household_left",
        )
        return set()
    gone = [
        stay
        for at, persons in _by_time(left, moved, now)
        for stay in close_stays(placement, at, moves, persons=persons)
    ]
    by = -sum(stay.state in HOLDING_STATES for stay in gone)
    _resized(placement, by, actor=actor)
    return there - left


def add_members(placement: Placement, joined: list[uuid.UUID], *, actor: Any) -> None:
    """Places at a locked open placement for members who joined; see `household_changed`."""
    waiting = placement.status in RESERVED_STATUSES
    more = len(joined)
    with refusals_as_errors(placement.site, needed=more), transaction.atomic():
        moves = Moves()
        absent = placement.status == PlacementStatus.ABSENT
        here = StayState.AWAY if absent else StayState.PRESENT
        state = StayState.DUE if waiting else here
        began, now = placement.checked_in_at or placement.recorded_at, clock.now()
        came = _moved(joined, to_household=placement.household_id)
        left = _last_held(came)
        since = {pk: max(at, began, left.get(pk, at)) for pk, at in came.items() if at <= now}
        for at, persons in _by_time(joined, since, now):
            open_stays(placement, persons, state, at, moves)
        _resized(placement, more, actor=actor)
        if not waiting:
            missing = add_people_present(
                lock_site(placement.site_id), moves.take_present(placement.site_id)
            )
            if missing:
                record_event("site.over_capacity", placement.site, actor=actor, places=missing)
        moves.write()


def _moved(persons: Iterable[uuid.UUID], **way: uuid.UUID) -> dict[uuid.UUID, datetime]:
    """When each of the persons moved to or from a household, of those who moved."""
    rows = HouseholdMove.objects.filter(person__in=list(persons), **way).order_by("occurred_at")
    return dict(rows.values_list("person_id", "occurred_at"))


def _last_held(persons: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each of the persons last gave up a place, of those who had one.

    A move may be recorded late, for a time when they were still checked in elsewhere.
    """
    rows = Stay.objects.filter(
        person__in=list(persons), state__in=HOLDING_STATES, until__isnull=False
    )
    return dict(rows.order_by().values_list("person_id").annotate(Max("until")))


def _by_time(
    persons: Iterable[uuid.UUID], times: dict[uuid.UUID, datetime], now: datetime
) -> list[tuple[datetime, list[uuid.UUID]]]:
    """The persons by the moment it happened to them, now where none is known."""
    grouped: dict[datetime, list[uuid.UUID]] = {}
    for person in persons:
        grouped.setdefault(min(times.get(person, now), now), []).append(person)
    return sorted(grouped.items())


def _resized(placement: Placement, by: int, *, actor: Any) -> None:
    """Places, and the status where nobody who is left is present (`by` may be 0)."""
    stays = standing(placement)
    placement.places = sum(stay.state in HOLDING_STATES for stay in stays)
    fields = ["places"]
    away = any(stay.state in (StayState.AWAY, StayState.AWAY_FREED) for stay in stays)
    if placement.status in PRESENT_STATUSES and not placement.places and away:
        placement.status = PlacementStatus.ABSENT
        fields.append("status")
    placement.save(update_fields=fields)
    rules.tell("placement.resized", placement, actor=actor, occurred_at=clock.now(), by=by)
