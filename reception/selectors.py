"""Figures about sites that others read: occupancy, the unplaced, counters against rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from common import clock
from intake.models import Household, Person
from reception.choices import StayState
from reception.models import Placement, Site, SiteLevel, Stay, Unit


def occupancy(site: Site, as_of: datetime | None = None) -> dict[str, Any]:
    """Places at a site: capacity (with granted overflow), blocked, reserved, present, free.

    One place, one person. `free` may be below zero for a past moment. See `site_table` for what
    `as_of` changes.
    """
    row = _rows(Site.objects.filter(pk=site.pk), as_of)[0]
    keys = ("code", "capacity", "blocked", "reserved", "present", "free")
    return {"code": row["code"], "as_of": as_of or clock.now(), **{k: row[k] for k in keys[1:]}}


def site_table(as_of: datetime | None = None) -> list[dict[str, Any]]:
    """Every site with its occupancy, by code, in one query. For reports: not filtered by user.

    Now: from the counters. For a past `as_of`: from the stays of persons and the levels of the
    site (capacity, overflow, blocked places) at that moment; before its first level, today's.
    """
    return _rows(Site.objects.order_by("code"), as_of)


def published_sites(as_of: datetime | None = None) -> list[dict[str, Any]]:
    """As `site_table`, without hidden sites and facilities of the authority.

    For reports, which more people read than may know of a hidden site. Totals over sites must be
    taken from these rows too: a total that holds more than its table tells of what is left out.
    """
    sites = Site.objects.for_refugees().filter(hidden=False)
    return _rows(sites.order_by("code"), as_of)


def _rows(sites: QuerySet[Site], as_of: datetime | None) -> list[dict[str, Any]]:
    if as_of is None:
        counted = sites.annotate(
            n_reserved=F("reserved"),
            n_present=F("present"),
            n_capacity=F("capacity") + F("overflow"),
            n_blocked=F("blocked"),
        )
    else:
        # A check-in may be written down later than it happened: its own time counts.
        then = Stay.objects.at(as_of).filter(placement__site=OuterRef("pk"))
        level = SiteLevel.objects.filter(site=OuterRef("pk"), since__lte=as_of)
        level = level.order_by("-since", "-pk")
        counted = sites.annotate(
            n_reserved=_count(then.filter(state=StayState.DUE)),
            n_present=_count(then.filter(state__in=(StayState.PRESENT, StayState.AWAY))),
            n_capacity=Coalesce(
                Subquery(level.values(total=F("capacity") + F("overflow"))[:1]),
                F("capacity") + F("overflow"),
            ),
            n_blocked=Coalesce(Subquery(level.values("blocked")[:1]), F("blocked")),
        )
    values = counted.values(
        *("code", "name", "type", "status", "hidden"),
        *("n_reserved", "n_present", "n_capacity", "n_blocked"),
    )
    rows = []
    for row in values:
        capacity, blocked = row.pop("n_capacity"), row.pop("n_blocked")
        reserved, present = row.pop("n_reserved"), row.pop("n_present")
        figures = {"capacity": capacity, "blocked": blocked}
        figures |= {"reserved": reserved, "present": present}
        rows.append({**row, **figures, "free": capacity - blocked - reserved - present})
    return rows


def _count(stays: QuerySet[Stay]) -> Coalesce:
    """How many stays, grouped by their site."""
    counted = stays.order_by().values("placement__site").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))


def unplaced_persons(as_of: datetime) -> int:
    """Persons present at `as_of` who belonged to no place then: nobody waited for them anywhere.

    Whoever gave the place up for a while (hospital) is not without a place; whoever did not come
    to it is.
    """
    belonging = Stay.objects.at(as_of).filter(person=OuterRef("pk"))
    belonging = belonging.exclude(state=StayState.NOT_COME)
    return Person.objects.present(as_of).filter(~Exists(belonging)).count()


def unplaced_households() -> QuerySet[Any]:
    """Active households with members in the count who belong to no place; waiting longest first.

    Annotated with `size` (those without a place) and `arrived` (of the first of them). Not
    filtered by user.
    """
    belonging = Stay.objects.standing().filter(person=OuterRef("pk"))
    belonging = belonging.exclude(state=StayState.NOT_COME)
    waiting = Person.objects.in_count().filter(~Exists(belonging), household=OuterRef("pk"))
    size = waiting.order_by().values("household").annotate(n=Count("pk")).values("n")
    return (
        Household.objects.active()
        .filter(Exists(waiting))
        .annotate(
            size=Subquery(size, output_field=IntegerField()),
            arrived=Subquery(waiting.order_by("arrived_at").values("arrived_at")[:1]),
        )
        .order_by("arrived", "pk")
    )


@dataclass(frozen=True)
class CounterDrift:
    """A site whose counters are not the sum of its stays."""

    site: Site
    reserved: int
    present: int


def counter_drifts(sites: QuerySet[Site] | None = None) -> list[CounterDrift]:
    """Sites whose counters differ from their rows, with what the rows say.

    One statement, so one snapshot: what is being written at this moment does not look like drift.
    """
    chosen = Site.objects.all() if sites is None else sites
    standing = Stay.objects.standing().filter(placement__site=OuterRef("pk"))
    counted = chosen.annotate(
        sum_reserved=_count(standing.filter(state=StayState.DUE)),
        sum_present=_count(standing.filter(state__in=(StayState.PRESENT, StayState.AWAY))),
    ).exclude(reserved=F("sum_reserved"), present=F("sum_present"))
    return [
        CounterDrift(site=site, reserved=site.sum_reserved, present=site.sum_present)
        for site in counted.order_by("pk")
    ]


@dataclass(frozen=True)
class UnitDrift:
    """A room or tent whose counter is not the sum of its stays."""

    unit: Unit
    taken: int


def unit_drifts(units: QuerySet[Unit] | None = None) -> list[UnitDrift]:
    """Units whose counter differs from their rows, with what the rows say."""
    chosen = Unit.objects.all() if units is None else units
    held = Stay.objects.holding().filter(unit=OuterRef("pk"))
    counted = held.order_by().values("unit").annotate(n=Count("pk")).values("n")
    differing = chosen.select_related("site").annotate(
        sum_taken=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
    )
    return [
        UnitDrift(unit=unit, taken=unit.sum_taken)
        for unit in differing.exclude(taken=F("sum_taken")).order_by("pk")
    ]


@dataclass(frozen=True)
class PlacesDrift:
    """An open placement whose number of places is not the number of stays that hold one."""

    placement: Placement
    places: int


def places_drifts() -> list[PlacesDrift]:
    """Open placements that say another number of places than their rows."""
    held = Stay.objects.holding().filter(placement=OuterRef("pk"))
    counted = held.order_by().values("placement").annotate(n=Count("pk")).values("n")
    differing: QuerySet[Any] = Placement.objects.open().annotate(
        held=Coalesce(Subquery(counted, output_field=IntegerField()), Value(0))
    )
    return [
        PlacesDrift(placement=placement, places=placement.held)
        for placement in differing.exclude(places=F("held")).order_by("pk")
    ]
