"""The rows that say where each member of a placed household is, and since when.

The caller holds the lock of the placement, which guards its stays. Each function gathers what the
counters must learn in `Moves`; the caller writes them last. A change closes the present row and
opens another, so that the past stays readable.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from common import clock
from reception.choices import HOLDING_STATES, StayState
from reception.models import Placement, Stay, Unit
from reception.services.counters import Moves


def standing(placement: Placement, *, states: Collection[str] = ()) -> list[Stay]:
    """The present stays of a placement, in the order of persons; of these states only if given."""
    rows = Stay.objects.standing().filter(placement=placement).order_by("person_id")
    return list(rows.filter(state__in=states) if states else rows)


def open_stays(
    placement: Placement,
    persons: Iterable[uuid.UUID],
    state: str,
    at: datetime,
    moves: Moves,
    *,
    incoming: bool = False,
    unit: Unit | None = None,
) -> list[Stay]:
    """A stay for each person; who is due, present or away holds a place, in the unit if given."""
    rows = [
        Stay(
            placement=placement,
            person_id=person,
            unit=unit if state in HOLDING_STATES else None,
            state=state,
            incoming=incoming,
            since=at,
        )
        for person in persons
    ]
    for row in rows:
        moves.stay(placement.site_id, row, +1)
    return Stay.objects.bulk_create(rows)


def shift_stays(
    placement: Placement,
    rows: Sequence[Stay],
    state: str,
    at: datetime,
    moves: Moves,
    *,
    reason: str = "",
    unit: Unit | None = None,
    keep_unit: bool = True,
) -> list[Stay]:
    """Bring standing stays into another state (or unit); the rows that stand now.

    `at` is when it happened. A time before the present state began counts from that beginning: a
    person is in one state at a time. Whoever gives up the place gives up the unit.
    """
    made = []
    for row in rows:
        moves.stay(placement.site_id, row, -1)
        new = Stay(
            placement=placement,
            person_id=row.person_id,
            state=state,
            since=max(at, row.since),
            absence_reason=reason,
        )
        if state in HOLDING_STATES:
            new.unit = (row.unit if keep_unit else None) if unit is None else unit
        moves.stay(placement.site_id, new, +1)
        made.append(new)
    _end(rows, at)
    return Stay.objects.bulk_create(made)


def close_stays(
    placement: Placement, at: datetime, moves: Moves, *, persons: Collection[uuid.UUID] = ()
) -> list[Stay]:
    """End the standing stays of a placement, or those of some persons; the rows that ended."""
    rows = [s for s in standing(placement) if not persons or s.person_id in persons]
    for row in rows:
        moves.stay(placement.site_id, row, -1)
    _end(rows, at)
    return rows


def reopen_stays(placement: Placement, at: datetime, moves: Moves) -> int:
    """Take the end at `at` back (a merge is undone); how many places are held again."""
    ended = list(Stay.objects.filter(placement=placement, until=at))
    Stay.objects.filter(pk__in=[row.pk for row in ended]).update(until=None, updated_at=clock.now())
    for row in ended:
        moves.stay(placement.site_id, row, +1)
    return sum(row.state in HOLDING_STATES for row in ended)


def arrive_stays(placement: Placement, at: datetime, moves: Moves) -> None:
    """The places that waited at the other end of a transfer are the family's own now."""
    rows = standing(placement)
    _end(rows, at)
    due = [row for row in rows if row.state == StayState.DUE]
    Stay.objects.bulk_create(
        Stay(
            placement=placement,
            person_id=row.person_id,
            unit_id=row.unit_id,
            state=row.state,
            since=max(at, row.since),
        )
        for row in due
    )


def held(placement: Placement) -> int:
    """How many places the placement holds by its stays."""
    return int(Stay.objects.holding().filter(placement=placement).count())


def _end(rows: Sequence[Stay], at: datetime) -> None:
    """Close rows at `at`, or at their own beginning when that is later."""
    now = clock.now()
    for row in rows:
        row.until, row.updated_at = max(at, row.since), now
    by_end: dict[Any, list[uuid.UUID]] = {}
    for row in rows:
        by_end.setdefault(row.until, []).append(row.pk)
    for until, keys in sorted(by_end.items()):
        Stay.objects.filter(pk__in=keys).update(until=until, updated_at=now)
