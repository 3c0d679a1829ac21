"""Places that become free: departure, cancellation, nobody came, time ran out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from audit.events import build_event, events_written
from audit.models import Event
from common import clock
from reception.choices import PlacementStatus
from reception.models import Placement
from reception.services import rules
from reception.services.counters import Moves
from reception.services.locks import lock_placement

BATCH = 200


def check_out(
    *, actor: Any, placement: Placement, occurred_at: datetime | None = None
) -> Placement:
    """The whole family has left the site. It stays registered; intake records who left where."""
    return _end(placement, PlacementStatus.CHECKED_OUT, actor=actor, occurred_at=occurred_at)


def cancel_placement(*, actor: Any, placement: Placement) -> Placement:
    """The places are no longer needed; the family never came."""
    return _end(placement, PlacementStatus.CANCELLED, actor=actor)


def mark_no_show(*, actor: Any, placement: Placement) -> Placement:
    """The family was expected and did not come."""
    return _end(placement, PlacementStatus.NO_SHOW, actor=actor)


def _end(
    placement: Placement, to: str, *, actor: Any, occurred_at: datetime | None = None
) -> Placement:
    when = rules.check_moment("occurred_at", occurred_at or clock.now())
    with transaction.atomic():
        placement = lock_placement(placement.pk)
        rules.require_write(actor, placement.site)
        end_locked(placement, to, actor=actor, occurred_at=when)
    return placement


def end_locked(
    placement: Placement, to: str, *, actor: Any, occurred_at: datetime, **data: Any
) -> None:
    """End a locked placement and free its places."""
    before = placement.status
    rules.advance(
        placement, to, event="placement.ended", actor=actor, occurred_at=occurred_at, **data
    )
    Moves().add(placement.site_id, before, -placement.places).write()


def expire_reservations(now: datetime | None = None) -> int:
    """Release every reservation whose time ran out by `now`; how many there were.

    Rows that someone is working on (a check-in at this moment) are skipped and looked at again
    next time. Several workers may run it at once.
    """
    moment = now or clock.now()
    released = 0
    while count := _expire_batch(moment):
        released += count
    return released


@transaction.atomic
def _expire_batch(now: datetime) -> int:
    expired = list(
        Placement.objects.expired(now)
        .select_related("household", "site")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH]
    )
    if not expired:
        return 0
    Placement.objects.filter(pk__in=[each.pk for each in expired]).update(
        status=PlacementStatus.EXPIRED, ended_at=now, updated_at=clock.now()
    )
    moves, events = Moves(), []
    for placement in expired:
        moves.add(placement.site_id, placement.status, -placement.places)
        events.append(
            build_event(
                "placement.ended",
                placement,
                actor=None,
                occurred_at=now,
                household=placement.household.reference,
                site=placement.site.code,
                status=PlacementStatus.EXPIRED,
                places=placement.places,
                before=placement.status,
            )
        )
    Event.objects.bulk_create(events)
    moves.write()
    events_written(events)
    return len(expired)
