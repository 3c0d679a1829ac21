"""Transports with families on their lists, brought to any state by the services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from accounts.models import User
from common import clock
from reception.choices import LineState
from reception.models import Placement, Site, Transport, TransportLine
from reception.services import transporting, travelling
from reception.services.transporting import Wanted
from tests.factories.reception import make_officer, make_placement, make_site


def make_transport(
    from_site: Site | None = None,
    to_site: Site | None = None,
    *,
    by: User | None = None,
    seats: int = 20,
    **fields: Any,
) -> Transport:
    """A planned transport without families."""
    if from_site is None and "from_entry_point" not in fields:
        from_site = make_site()
    return transporting.plan_transport(
        actor=by or make_officer(),
        from_site=from_site,
        to_site=to_site or make_site(),
        planned_departure=clock.now() + timedelta(hours=2),
        vehicle="bus",
        seats=seats,
        **fields,
    )


def families_at(site: Site, *sizes: int) -> list[Placement]:
    """Families that live at a site."""
    return [make_placement(site, status="checked_in", size=size) for size in sizes]


def listed(
    transport: Transport, placements: Sequence[Placement], *, by: User | None = None
) -> list[TransportLine]:
    """The families on the list of the transport, in the order given."""
    wanted = [Wanted(each.household, each) for each in placements]
    lines = transporting.add_families(
        actor=by or make_officer(), transport=transport, families=wanted
    )
    by_old = {line.placement_id: line for line in lines}
    return [by_old[each.pk] for each in placements]


def on_the_road(
    transport: Transport, placements: Sequence[Placement], *, by: User | None = None
) -> list[TransportLine]:
    """The same, all of them on board of a transport that has left."""
    actor = by or make_officer()
    for line in listed(transport, placements, by=actor):
        travelling.board(actor=actor, transport=transport, line=line)
    travelling.depart(actor=actor, transport=transport)
    return list(transport.lines.filter(state=LineState.BOARDED).order_by("pk"))


def now_of(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row).objects.get(pk=row.pk)
