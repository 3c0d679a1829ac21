"""A bus that is to bring families from the transit centre to the centre in Rushan.

Planned after the last morning's report: no figure changes. Two families are on board already.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import User
from common import clock
from reception.choices import PlacementStatus, VehicleKind
from reception.models import Placement, Site
from reception.services import transporting, travelling
from reception.services.transporting import Wanted

Say = Callable[[str], None]
FROM, TO = "DARVOZ-TRANSIT", "RUSHAN-CENTRE"
FAMILIES, SEATS = 5, 34


def plan_a_bus(*, actor: User, moment: datetime, say: Say) -> None:
    """One transport that is being loaded, as far as there are families and places."""
    target = Site.objects.get(code=TO)
    there = Placement.objects.filter(site__code=FROM, status=PlacementStatus.CHECKED_IN)
    room = min(SEATS, target.free)
    chosen: list[Placement] = []
    for placement in there.select_related("household").order_by("checked_in_at", "pk"):
        if len(chosen) < FAMILIES and placement.places <= room:
            room -= placement.places
            chosen.append(placement)
    if not chosen:
        say("  nobody to bring")
        return
    with clock.replaying(moment):
        transport = transporting.plan_transport(
            actor=actor,
            from_site=Site.objects.get(code=FROM),
            to_site=target,
            planned_departure=moment + timedelta(hours=3),
            vehicle=VehicleKind.BUS,
            seats=SEATS,
            wheelchair_places=1,
            contact="Driver of the district's bus, 900 00 00 00 (invented)",
        )
        wanted = [
            Wanted(each.household, each, step_free=number == 1, baggage="2 goats" * (number == 2))
            for number, each in enumerate(chosen)
        ]
        lines = transporting.add_families(actor=actor, transport=transport, families=wanted)
        for line in lines[:2]:
            travelling.board(actor=actor, transport=transport, line=line)
    persons = sum(line.persons for line in lines)
    say(f"  {transport.reference}: {len(lines)} families, {persons} persons")
