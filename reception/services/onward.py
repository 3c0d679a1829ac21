"""The two places of a family that is on its way: the one it leaves and the one that waits."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Q

from reception.choices import RESERVED_STATUSES, PlacementStatus
from reception.models import Placement
from reception.services import rules
from reception.services.counters import Moves
from reception.services.stays import arrive_stays, close_stays

S = PlacementStatus


def lock_both_ends(pk: uuid.UUID) -> dict[uuid.UUID, Placement]:
    """A placement, the one it follows and those that wait for it elsewhere, by key.

    Locked in key order until the transaction ends.
    """
    follows = Placement.objects.filter(pk=pk).values("transfer_of_id")
    waits = Q(transfer_of=pk, status__in=RESERVED_STATUSES)
    rows = Placement.objects.filter(Q(pk=pk) | Q(pk__in=follows) | waits)
    rows = rows.select_related("site", "household").order_by("pk")
    return {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}


def lock_waiting(placement: Placement) -> list[Placement]:
    """The places that wait elsewhere for the family of a locked placement, locked."""
    rows = Placement.objects.filter(transfer_of=placement, status__in=RESERVED_STATUSES)
    rows = rows.select_related("site", "household").order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True))


def leave_for(
    old: Placement, target: Placement, *, actor: Any, when: datetime, moves: Moves, **data: Any
) -> None:
    """The family left `old`: its places there are free, those at `target` are its own now.

    Both are locked. The target has no end from now on: nobody loses a place on the road.
    """
    rules.advance(
        old, S.CHECKED_OUT, event="placement.ended", actor=actor, occurred_at=when, **data
    )
    close_stays(old, when, moves)
    arrive_stays(target, when, moves)
    target.transfer_of, target.reserved_until = None, None
    target.save(update_fields=["transfer_of", "reserved_until"])
    if target.status == S.RESERVED:
        confirm_locked(target, actor=actor, when=when)


def confirm_locked(target: Placement, *, actor: Any, when: datetime) -> None:
    """The family is on its way: its places are kept without an end."""
    target.reserved_until = None
    rules.advance(target, S.CONFIRMED, event="placement.confirmed", actor=actor, occurred_at=when)
