"""Places for many households in one transaction: the rows of `placing.new_placement`, in bulk."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.events import build_event, events_written
from audit.models import Event
from common import clock
from common.copying import rows_of, write_together
from intake.models import Household
from reception.choices import PlacementStatus, StayState
from reception.models import Placement, Site, Stay
from reception.services.counters import Moves
from reception.services.placing import RESERVATION_LASTS


@dataclass(frozen=True)
class Wanted:
    """Places for all members of a locked household; `pk` becomes the placement's key."""

    pk: uuid.UUID
    household: Household
    site: Site
    persons: Sequence[uuid.UUID]


def place_many(
    *, actor: Any, wanted: Sequence[Wanted], status: str, reserved_until: datetime | None
) -> list[Placement]:
    """Reserved or confirmed places for each; the caller has locked and checked everything.

    The counters are written last, one statement a site: the database refuses (IntegrityError)
    what is above a site's places, and then nothing of it counts.
    """
    if not wanted:
        return []
    now = clock.now()
    until = (reserved_until or now + RESERVATION_LASTS) if status == "reserved" else None
    moves, placements, stays, events = Moves(), [], [], []
    for each in wanted:
        placement = Placement(
            id=each.pk,
            household=each.household,
            site=each.site,
            status=status,
            places=len(each.persons),
            reserved_until=until,
            placed_by=actor,
        )
        placements.append(placement)
        for person in each.persons:
            stay = Stay(placement=placement, person_id=person, state=StayState.DUE, since=now)
            moves.stay(each.site.pk, stay, +1)
            stays.append(stay)
        moves.arrives_at(each.site.pk)
        events.append(_made(placement, actor))
    write_together([rows_of(placements), rows_of(stays), rows_of(events)])
    moves.write()
    events_written(events)
    return placements


def _made(placement: Placement, actor: Any) -> Event:
    """The same event as for a place that was given by hand."""
    return build_event(
        "placement.made",
        placement,
        actor=actor,
        household=placement.household.reference,
        site=placement.site.code,
        status=PlacementStatus(placement.status).value,
        places=placement.places,
    )
