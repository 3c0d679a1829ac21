"""Places that become free: departure, cancellation, nobody came, time ran out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from audit.events import build_event, events_written
from audit.models import Event
from common import clock
from reception.choices import HOLDING_STATES, PRESENT_STATUSES, PlacementStatus, StayState
from reception.models import Placement, Stay
from reception.services import onward, rules
from reception.services.counters import Moves
from reception.services.stays import close_stays, shift_stays, standing

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
        ends = onward.lock_both_ends(placement.pk)
        placement = ends[placement.pk]
        rules.require_write(actor, placement.site)
        waiting = next((e for e in ends.values() if e.transfer_of_id == placement.pk), None)
        if waiting is not None and to == PlacementStatus.CHECKED_OUT:
            # It leaves for the places that wait elsewhere: those are kept.
            moves = Moves()
            onward.leave_for(placement, waiting, actor=actor, when=when, moves=moves)
            moves.write()
        else:
            end_locked(placement, to, actor=actor, occurred_at=when)
    return placement


def end_locked(
    placement: Placement,
    to: str,
    *,
    actor: Any,
    occurred_at: datetime,
    moves: Moves | None = None,
    **data: Any,
) -> None:
    """End a locked placement and free its places; with `moves` the caller writes the counters.

    Places that were waiting for the family elsewhere are let go with it; where it leaves for them,
    that is `onward.leave_for`.
    """
    may_wait = placement.status == PlacementStatus.TRANSFER_PENDING
    rules.advance(
        placement, to, event="placement.ended", actor=actor, occurred_at=occurred_at, **data
    )
    gathered = moves or Moves()
    close_stays(placement, occurred_at, gathered)
    for waiting in onward.lock_waiting(placement) if may_wait else ():
        end_locked(
            waiting,
            PlacementStatus.CANCELLED,
            actor=actor,
            occurred_at=occurred_at,
            moves=gathered,
            reason="transfer_called_off",
        )
    if moves is None:
        gathered.write()


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
    partly = [each for each in expired if each.status in PRESENT_STATUSES]
    wholly = [each for each in expired if each.status not in PRESENT_STATUSES]
    moves = Moves()
    events = [_released(placement, now, moves) for placement in partly]
    events += [_expired(placement, now, moves) for placement in wholly]
    Placement.objects.filter(pk__in=[each.pk for each in wholly]).update(
        status=PlacementStatus.EXPIRED, ended_at=now, updated_at=clock.now()
    )
    Event.objects.bulk_create(events)
    moves.write()
    events_written(events)
    return len(expired)


def _expired(placement: Placement, now: datetime, moves: Moves) -> Event:
    """Nobody came in time: the whole placement ends."""
    close_stays(placement, now, moves)
    return build_event(
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


def _released(placement: Placement, now: datetime, moves: Moves) -> Event:
    """Part of the family came in time: the places of the others are free."""
    return release_due(
        placement,
        standing(placement, states=[StayState.DUE]),
        actor=None,
        occurred_at=now,
        moves=moves,
    )


def release_due(
    placement: Placement,
    due: Sequence[Stay],
    *,
    actor: Any,
    occurred_at: datetime,
    moves: Moves,
) -> Event:
    """Free the places of members who did not come with the others; the event, not yet written.

    They still belong to the placement and may come later. Where nobody is left who has a place or
    will come back to one, the placement ends.
    """
    shift_stays(placement, due, StayState.NOT_COME, occurred_at, moves)
    left = standing(placement)
    before = placement.status
    placement.places = sum(stay.state in HOLDING_STATES for stay in left)
    if not any(stay.state == StayState.DUE for stay in left):
        placement.reserved_until = None
    if not any(stay.state != StayState.NOT_COME for stay in left):
        placement.status, placement.ended_at = PlacementStatus.CHECKED_OUT, occurred_at
        close_stays(placement, occurred_at, moves)
    elif not placement.places:
        placement.status = PlacementStatus.ABSENT
    placement.save(update_fields=["places", "reserved_until", "status", "ended_at"])
    return build_event(
        "placement.part_released",
        placement,
        actor=actor,
        occurred_at=occurred_at,
        household=placement.household.reference,
        site=placement.site.code,
        status=placement.status,
        places=placement.places,
        before=before,
        by=-len(due),
    )
