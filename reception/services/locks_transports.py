"""Locks of transports. They come before all those of `locks`.

Whatever changes a transport or a line of its list holds the transport: boarding, departing and
arriving wait for each other. Then households, placements and the counters as everywhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from intake.models import Household
from reception.models import Placement, Transport, TransportLine


def lock_transport(pk: uuid.UUID) -> Transport:
    """The transport as it is now, with both its ends, held until the transaction ends."""
    return (
        Transport.objects.select_related("from_site", "from_entry_point", "to_site")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=pk)
    )


def lock_households(keys: Iterable[uuid.UUID]) -> dict[uuid.UUID, Household]:
    """The households as they are now, locked in key order."""
    rows = Household.objects.filter(pk__in=set(keys)).order_by("pk")
    return {row.pk: row for row in rows.select_for_update(of=("self",), no_key=True)}


def lines_with_places(
    transport: Transport, states: Iterable[str], *, only: Iterable[uuid.UUID] | None = None
) -> list[TransportLine]:
    """Lines of a locked transport in these states, their households and placements locked.

    `only` names lines. In key order of the lines, each with its placements as they are now.
    """
    rows = transport.lines.filter(state__in=list(states)).order_by("pk")
    if only is not None:
        rows = rows.filter(pk__in=list(only))
    lines = list(rows)
    ends = {line.target_id for line in lines}
    ends |= {line.placement_id for line in lines if line.placement_id is not None}
    places = Placement.objects.filter(pk__in=ends)
    lock_households(places.values_list("household_id", flat=True))
    now = {
        place.pk: place
        for place in places.select_related("site", "household")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    }
    for line in lines:
        line.transport = transport
        line.target = now[line.target_id]
        line.placement = now[line.placement_id] if line.placement_id else None
    return lines
