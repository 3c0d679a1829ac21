"""Keeping places in step with the household: people leave, are born, join."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from audit.events import record_event
from common import clock
from intake.choices import HouseholdStatus
from intake.models import Household
from reception.choices import RESERVED_STATUSES, PlacementStatus
from reception.errors import refusals_as_errors
from reception.models import Placement
from reception.services import rules
from reception.services.counters import Moves, add_people_present
from reception.services.ending import end_locked
from reception.services.locks import lock_household, lock_open_placements, lock_site


def household_changed(household: Household, actor: Any) -> None:
    """Adjust the places of a household whose number of counted members changed.

    Called by intake inside its transaction. Fewer members: places become free; none left: the
    placement ends. More members:

    - reserved or confirmed: one more place each, or CapacityExceeded, which undoes the change: the
      placement officer first finds a site where the whole family fits;
    - at the site: the person is there already (a birth, a family member who was found), so the
      record must say so. Where no place is free the site's overflow grows by what is missing and
      the event `site.over_capacity` tells it; the overflow is gone once a place becomes free.
    """
    household = lock_household(household.pk)
    members = household.members.in_count().count()
    if household.status != HouseholdStatus.ACTIVE:
        members = 0
    for placement in lock_open_placements([household.pk]):
        resize_locked(placement, members, actor=actor)


def resize_locked(placement: Placement, members: int, *, actor: Any) -> None:
    """Give a locked open placement `members` places, or end it with the last member."""
    waiting = placement.status in RESERVED_STATUSES
    if members == placement.places:
        return
    if members == 0:
        to = PlacementStatus.CANCELLED if waiting else PlacementStatus.CHECKED_OUT
        end_locked(
            placement, to, actor=actor, occurred_at=clock.now(), reason="nobody_of_household_left"
        )
        return
    more = members - placement.places
    with refusals_as_errors(placement.site, needed=more), transaction.atomic():
        placement.places = members
        placement.save(update_fields=["places"])
        rules.tell("placement.resized", placement, actor=actor, occurred_at=clock.now(), by=more)
        if more > 0 and not waiting:
            if missing := add_people_present(lock_site(placement.site_id), more):
                record_event("site.over_capacity", placement.site, actor=actor, places=missing)
        else:
            Moves().add(placement.site_id, placement.status, more).write()
