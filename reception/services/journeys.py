"""What a journey does to the two places of a family: the one it leaves and the one that waits."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _

from audit.events import record_event
from common import clock
from common.errors import CapacityExceeded, Conflict, InvalidState, constraint_name
from reception.choices import (
    RESERVED_STATUSES,
    SEATED_STATES,
    LineState,
    PlacementStatus,
    StayState,
    TransportStatus,
)
from reception.models import Placement, Transport, TransportLine
from reception.services import rules
from reception.services.counters import Moves
from reception.services.ending import end_locked
from reception.services.locks_transports import lock_transport
from reception.services.placing import RESERVATION_LASTS
from reception.services.stays import standing

S, L = PlacementStatus, LineState


def stay_where_it_is(
    line: TransportLine, *, actor: Any, when: datetime, moves: Moves, reason: str
) -> None:
    """The family does not travel: the places of this journey go, those where it is stay its own.

    Places at the target that were kept before the journey was planned stay, with an end again.
    """
    if not still_travels(line):
        return  # it went another way already, and its places are as they should be
    target, old = line.target, line.placement
    if not line.made_here:
        if old is None and target.status == S.RESERVED:
            target.reserved_until = clock.now() + RESERVATION_LASTS
            target.save(update_fields=["reserved_until"])
        return
    end_locked(target, S.CANCELLED, actor=actor, occurred_at=when, moves=moves, reason=reason)
    if old is not None:
        rules.advance(old, S.CHECKED_IN, event="placement.returned", actor=actor, occurred_at=when)


def move_line(line: TransportLine, to: str, **fields: Any) -> None:
    """Bring a line of a locked transport into another state, with its seats.

    Raises InvalidState `wrong_state` where the table of transitions has no such path.
    """
    if not line.may_become(to):
        raise InvalidState(
            "wrong_state",
            _("%(family)s is “%(now)s” on this list; it cannot become “%(to)s”.")
            % {
                "family": line.target.household.reference,
                "now": line.get_state_display(),
                "to": LineState(to).label,
            },
            state=line.state,
        )
    if line.state in SEATED_STATES and to not in SEATED_STATES:
        take_seats(line.transport, -line.seats, -line.wheelchairs)
    line.state = to
    for name, value in fields.items():
        setattr(line, name, value)
    line.save()


def take_seats(transport: Transport, seats: int, wheelchairs: int) -> None:
    """Seats of a transport more or fewer taken; the database refuses more than there are."""
    if seats or wheelchairs:
        Transport.objects.filter(pk=transport.pk).update(
            seats_taken=F("seats_taken") + seats,
            wheelchairs_taken=F("wheelchairs_taken") + wheelchairs,
        )
        transport.seats_taken += seats
        transport.wheelchairs_taken += wheelchairs


@contextmanager
def seat_refusals(transport: Transport) -> Iterator[None]:
    """Turn the database's refusal of seats into CapacityExceeded; goes around the transaction."""
    try:
        yield
    except IntegrityError as error:
        name = constraint_name(error)
        if name == "transport_line_family_on_one_list":
            raise on_another_list() from error
        if name not in ("transport_seats_within_vehicle", "transport_wheelchairs_within_vehicle"):
            raise
        now = Transport.objects.get(pk=transport.pk)
        raise CapacityExceeded(
            "seats_exceeded",
            _(
                "The vehicle has %(seats)d free seats and %(wheelchairs)d free places for "
                "wheelchairs: too few for these families. A family travels together; choose "
                "another transport or take another family off the list."
            )
            % {"seats": now.seats_left, "wheelchairs": now.wheelchair_places_left},
            seats=now.seats_left,
            wheelchairs=now.wheelchair_places_left,
        ) from error


def on_another_list() -> Conflict:
    """The family is on the list of a transport already."""
    return Conflict(
        "already_on_a_list",
        _("This family is on the list of a transport already. Take it off that list first."),
    )


def still_travels(line: TransportLine) -> bool:
    """Whether both placements of a line still stand as when the family was put on the list."""
    target, old = line.target, line.placement
    waits = target.status in RESERVED_STATUSES and target.site_id == line.transport.to_site_id
    if old is None:
        return waits
    return waits and old.status == S.TRANSFER_PENDING and target.transfer_of_id == old.pk


def who_travels(line: TransportLine) -> set[uuid.UUID]:
    """The persons who are there to travel; raises Conflict `family_incomplete` when one is away."""
    if line.placement is None:
        return {stay.person_id for stay in standing(line.target)}
    return people_here(line.placement)


def people_here(placement: Placement) -> set[uuid.UUID]:
    """The persons of a placement, all present; raises Conflict `family_incomplete` otherwise.

    Who never came to it does not count.
    """
    stays = [stay for stay in standing(placement) if stay.state != StayState.NOT_COME]
    if any(stay.state != StayState.PRESENT for stay in stays):
        raise incomplete(
            _(
                "Somebody of %(family)s is away. A family travels together: wait, or first decide "
                "on its placement who travels apart and why."
            )
            % {"family": placement.household.reference}
        )
    return {stay.person_id for stay in stays}


def incomplete(message: str, **details: Any) -> Conflict:
    """Not the whole family is there."""
    return Conflict("family_incomplete", message, **details)


def lock_list_of(placement: Placement) -> Transport | None:
    """The transport on whose list the family is, locked: to be called before any other lock."""
    lines = TransportLine.objects.open().filter(target=placement.pk)
    transport = lines.values_list("transport_id", flat=True).first()
    return lock_transport(transport) if transport else None


def came_by_itself(transport: Transport, target: Placement, *, actor: Any, when: datetime) -> None:
    """A family was checked in at its target outside of the transport's list: the list follows.

    Both are locked. Whoever was on board of a transport that left has arrived, and so has the
    vehicle: who else was on board is now looked for. Whoever had not boarded came another way and
    is off the list.
    """
    for line in transport.lines.open().filter(target=target):
        line.transport, line.target = transport, target
        if line.state == L.BOARDED and transport.departed_at is not None:
            at = max(when, transport.departed_at)
            if transport.status == TransportStatus.DEPARTED:
                vehicle_came(transport, actor=actor, when=at)
            here = sum(stay.state == StayState.PRESENT for stay in standing(target))
            move_line(line, L.ARRIVED, arrived_at=at, arrived_persons=min(here, line.persons))
        else:
            move_line(line, L.REMOVED)


def vehicle_came(transport: Transport, *, actor: Any, when: datetime) -> None:
    """A locked transport on the road has reached its site."""
    transport.status, transport.arrived_at = TransportStatus.ARRIVED, when
    transport.save(update_fields=["status", "arrived_at"])
    tell("transport.arrived", transport, actor=actor, occurred_at=when)


def tell(
    event: str, transport: Transport, *, actor: Any, occurred_at: datetime, **data: Any
) -> None:
    """Write the event of a transport: references and numbers, no name and no place."""
    record_event(
        event, transport, actor=actor, occurred_at=occurred_at, status=transport.status, **data
    )
