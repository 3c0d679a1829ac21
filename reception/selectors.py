"""Figures about sites that others read: occupancy, the unplaced, counters against rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from common import clock
from intake.models import Household, Person
from reception.choices import OPEN_STATUSES, PRESENT_STATUSES, RESERVED_STATUSES
from reception.models import Placement, Site


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

    Now: from the counters. For a past `as_of`: from the placements' times (recorded, checked in,
    ended). Capacity, blocked places and the size of a household have no history; they are today's.
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
        counted = sites.annotate(n_reserved=F("reserved"), n_present=F("present"))
    else:
        lasting = Q(ended_at__isnull=True) | Q(ended_at__gt=as_of)
        coming = Q(checked_in_at__isnull=True) | Q(checked_in_at__gt=as_of)
        # A check-in may be written down later than it happened: its own time counts.
        counted = sites.annotate(
            n_reserved=_places(lasting, coming, Q(recorded_at__lte=as_of)),
            n_present=_places(lasting, Q(checked_in_at__lte=as_of)),
        )
    values = counted.values(
        *("code", "name", "type", "status", "hidden", "capacity", "overflow", "blocked"),
        *("n_reserved", "n_present"),
    )
    rows = []
    for row in values:
        reserved, present = row.pop("n_reserved"), row.pop("n_present")
        capacity = row.pop("capacity") + row.pop("overflow")
        free = capacity - row["blocked"] - reserved - present
        rows.append(
            {**row, "capacity": capacity, "reserved": reserved, "present": present, "free": free}
        )
    return rows


def _places(*conditions: Q) -> Coalesce:
    placed = (
        Placement.objects.filter(*conditions, site=OuterRef("pk"))
        .order_by()
        .values("site")
        .annotate(total=Sum("places"))
        .values("total")
    )
    return Coalesce(Subquery(placed, output_field=IntegerField()), Value(0))


def unplaced_persons(as_of: datetime) -> int:
    """Persons present at `as_of` whose household held no place then."""
    held = Placement.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=as_of),
        household=OuterRef("household_then"),
        recorded_at__lte=as_of,
    )
    return Person.objects.present(as_of).in_household_of(as_of).filter(~Exists(held)).count()


def unplaced_households() -> QuerySet[Any]:
    """Active households with people in the count and no open placement; waiting longest first.

    Annotated with `size` and `arrived` (of the first member). Not filtered by user.
    """
    members = Person.objects.in_count().filter(household=OuterRef("pk")).order_by()
    size = members.values("household").annotate(n=Sum(Value(1))).values("n")
    placed = Placement.objects.filter(household=OuterRef("pk"), status__in=OPEN_STATUSES)
    return (
        Household.objects.active()
        .filter(~Exists(placed), Exists(members))
        .annotate(
            size=Subquery(size, output_field=IntegerField()),
            arrived=Subquery(members.order_by("arrived_at").values("arrived_at")[:1]),
        )
        .order_by("arrived", "pk")
    )


@dataclass(frozen=True)
class CounterDrift:
    """A site whose counters are not the sum of its placements."""

    site: Site
    reserved: int
    present: int


def counter_drifts(sites: QuerySet[Site] | None = None) -> list[CounterDrift]:
    """Sites whose counters differ from their rows, with what the rows say.

    One statement, so one snapshot: what is being written at this moment does not look like drift.
    """
    chosen = Site.objects.all() if sites is None else sites
    counted = chosen.annotate(
        sum_reserved=_places(Q(status__in=RESERVED_STATUSES)),
        sum_present=_places(Q(status__in=PRESENT_STATUSES)),
    ).exclude(reserved=F("sum_reserved"), present=F("sum_present"))
    return [
        CounterDrift(site=site, reserved=site.sum_reserved, present=site.sum_present)
        for site in counted.order_by("pk")
    ]
