"""One site, or all of them, as their managers see them: who is due, there, away, there too long."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, Min, Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from intake.births import BRACKETS, age_bracket
from intake.choices import Sex
from reception.choices import (
    RESERVED_STATUSES,
    PlacementStatus,
    SiteType,
    StayState,
)
from reception.models import Placement, Site, Stay, Unit
from reception.querysets import sites_q
from reception.reporting_in import is_silent, last_signs

READ = Permission.PLACEMENTS_READ
# Places for the first nights only (domain/standards.md 4.1: transit centre, 2 to 5 days).
TRANSIT_TYPES = (SiteType.BORDER_RECEPTION, SiteType.TRANSIT)
# A reservation that ends within this time is about to run out.
RUNS_OUT_SOON = timedelta(hours=2)


class Due(models.TextChoices):
    """How a family that is expected stands; the first is the most pressing."""

    LATE = "late", _("late: its reservation is over")
    SOON = "soon", _("its reservation is about to end")
    TODAY = "today", _("expected today")
    LATER = "later", _("expected later")
    ON_WAY = "on_way", _("on its way, no end set")


@dataclass(frozen=True)
class FamilyAtSite:
    """A family, or part of it, in one state at the site; `since` until now, or kept `until`."""

    placement: uuid.UUID
    reference: str
    people: int
    due: str = ""
    until: datetime | None = None
    since: datetime | None = None
    lasting: timedelta = timedelta()
    reason: str = ""
    place_kept: bool = True

    @property
    def due_words(self) -> Any:
        """How it is expected, in words."""
        return Due(self.due).label if self.due else ""


@dataclass(frozen=True)
class AgeSexRow:
    """People present of one age bracket, by sex; `other` holds other and unknown."""

    bracket: str
    female: int
    male: int
    other: int

    @property
    def total(self) -> int:
        """Of the bracket."""
        return self.female + self.male + self.other


@dataclass(frozen=True)
class SiteBoard:
    """A site at a moment. Lists are whole; `present` are people who are there, not away."""

    site: Site
    as_of: datetime
    due: tuple[FamilyAtSite, ...]
    absent: tuple[FamilyAtSite, ...]
    moving: tuple[FamilyAtSite, ...]
    overstaying: tuple[FamilyAtSite, ...]
    ages: tuple[AgeSexRow, ...]
    units: tuple[Unit, ...]
    last_sign: datetime | None
    silent: bool

    @property
    def present(self) -> int:
        """People who are there."""
        return sum(row.total for row in self.ages)

    @property
    def late(self) -> int:
        """Families whose reservation is over."""
        return sum(family.due == Due.LATE for family in self.due)

    @property
    def away(self) -> int:
        """People who are away, with their place kept or given up."""
        return sum(family.people for family in self.absent)


def site_board(site: Site, now: datetime) -> SiteBoard:
    """The board of one site. The caller checks who may read placements there."""
    due, moving, absent = _due(site, now), _moving(site, now), _absent(site, now)
    last = last_signs([site.pk]).get(site.pk)
    return SiteBoard(
        site=site,
        as_of=now,
        due=due,
        absent=absent,
        moving=moving,
        overstaying=_overstaying(site, now),
        ages=_ages(site, now),
        units=tuple(Unit.objects.filter(site=site).order_by("section", "code")),
        last_sign=last,
        silent=is_silent(site, last, now),
    )


def day_ends(now: datetime) -> datetime:
    """The midnight that ends the operation's day of `now`."""
    local = now.astimezone(Operation.current().zone)
    following = local.date() + timedelta(days=1)
    return datetime.combine(following, time(), tzinfo=local.tzinfo)


def due_state(until: datetime | None, now: datetime, midnight: datetime) -> str:
    """How a reservation that is kept until then stands."""
    if until is None:
        return str(Due.ON_WAY.value)
    if until <= now:
        return str(Due.LATE.value)
    if until <= now + RUNS_OUT_SOON:
        return str(Due.SOON.value)
    return str(Due.TODAY.value if until <= midnight else Due.LATER.value)


def transit_lasts() -> timedelta:
    """How long people may stay at a border point or transit centre (setting TRANSIT_DAYS)."""
    return timedelta(days=settings.TRANSIT_DAYS)


def _standing(site: Site, *states: str) -> Any:
    return Stay.objects.standing().filter(placement__site=site, state__in=states).order_by()


def _due(site: Site, now: datetime) -> tuple[FamilyAtSite, ...]:
    rows = (
        _standing(site, StayState.DUE)
        .values_list("placement_id", "placement__household__reference", "placement__reserved_until")
        .annotate(people=Count("pk"))
    )
    midnight = day_ends(now)
    families = [
        FamilyAtSite(pk, reference, people, due=due_state(until, now, midnight), until=until)
        for pk, reference, until, people in rows
    ]
    order = Due.values.index
    return tuple(sorted(families, key=lambda f: (order(f.due), f.until or now, f.reference)))


def _absent(site: Site, now: datetime) -> tuple[FamilyAtSite, ...]:
    rows = (
        _standing(site, StayState.AWAY, StayState.AWAY_FREED)
        .values_list(
            *("placement_id", "placement__household__reference", "absence_reason", "state"),
        )
        .annotate(people=Count("pk"), first=Min("since"))
    )
    families = [
        FamilyAtSite(
            placement=pk,
            reference=reference,
            people=people,
            since=first,
            lasting=max(now - first, timedelta()),
            reason=reason,
            place_kept=state == StayState.AWAY,
        )
        for pk, reference, reason, state, people, first in rows
    ]
    return tuple(sorted(families, key=lambda f: (f.since or now, f.reference)))


def _moving(site: Site, now: datetime) -> tuple[FamilyAtSite, ...]:
    rows = Placement.objects.filter(
        site=site, status=PlacementStatus.TRANSFER_PENDING
    ).select_related("household")
    return tuple(
        FamilyAtSite(
            placement=row.pk,
            reference=row.household.reference,
            people=row.places,
            since=row.checked_in_at,
            lasting=now - row.checked_in_at if row.checked_in_at else timedelta(),
        )
        for row in rows.order_by("checked_in_at", "pk")
    )


def overstaying(now: datetime) -> Q:
    """The condition for placements that are at a place for the first nights for too long."""
    return Q(
        site__type__in=TRANSIT_TYPES,
        ended_at__isnull=True,
        checked_in_at__lt=now - transit_lasts(),
    ) & ~Q(status__in=RESERVED_STATUSES)


def _overstaying(site: Site, now: datetime) -> tuple[FamilyAtSite, ...]:
    rows = Placement.objects.filter(overstaying(now), site=site).select_related("household")
    return tuple(
        FamilyAtSite(
            placement=row.pk,
            reference=row.household.reference,
            people=row.places,
            since=row.checked_in_at,
            lasting=now - row.checked_in_at if row.checked_in_at else timedelta(),
        )
        for row in rows.order_by("checked_in_at", "pk")
    )


def _ages(site: Site, now: datetime) -> tuple[AgeSexRow, ...]:
    """People present by age bracket on the operation's day, and sex."""
    today = now.astimezone(Operation.current().zone).date()
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    columns: dict[str, str] = {Sex.FEMALE: "female", Sex.MALE: "male"}
    people = _standing(site, StayState.PRESENT).values_list(
        "person__sex", "person__birth_earliest", "person__birth_latest"
    )
    for sex, earliest, latest in people:
        counted[age_bracket(earliest, latest, today)][columns.get(sex, "other")] += 1
    return tuple(
        AgeSexRow(bracket, row["female"], row["male"], row["other"])
        for bracket, row in ((each, counted[each]) for each in BRACKETS)
    )


# All sites ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class SiteLine:
    """One site in the overview: people due, late, there, away, about to move, there too long."""

    site: Site
    due: int
    late: int
    present: int
    away: int
    moving: int
    overstaying: int
    last_sign: datetime | None
    silent: bool


@dataclass
class _Counted:
    due: int = 0
    late: int = 0
    present: int = 0
    away: int = 0
    moving: int = 0
    overstaying: int = 0


@dataclass(frozen=True)
class SitesBoard:
    """The sites whose placements the reader sees, by name; totals are of these only."""

    as_of: datetime
    lines: tuple[SiteLine, ...] = field(default_factory=tuple)

    def total(self, name: str) -> int:
        """The sum of one figure."""
        return sum(int(getattr(line, name)) for line in self.lines)

    @property
    def free(self) -> int:
        """Places that can be taken now at sites that receive people."""
        return sum(max(line.site.free, 0) for line in self.lines if line.site.status == "open")


def sites_board(user: Any, now: datetime) -> SitesBoard:
    """Every site that is not closed and whose placements `user` reads.

    A fixed number of queries: the sites, two for their people, one for the signs of life.
    """
    rows = Site.objects.for_refugees().filter(sites_q(user, READ)).exclude(status="closed")
    sites = list(rows.order_by("name", "pk"))
    keys = [site.pk for site in sites]
    counted = _count(keys, now)
    last = last_signs(keys)
    return SitesBoard(
        as_of=now,
        lines=tuple(
            SiteLine(
                site=site,
                **vars(counted[site.pk]),
                last_sign=last.get(site.pk),
                silent=is_silent(site, last.get(site.pk), now),
            )
            for site in sites
        ),
    )


def _count(sites: Iterable[uuid.UUID], now: datetime) -> dict[uuid.UUID, _Counted]:
    """People by state at each site, in two queries."""
    keys = list(sites)
    found: dict[uuid.UUID, _Counted] = defaultdict(_Counted)
    late = Q(state=StayState.DUE, placement__reserved_until__lte=now)
    stays = (
        Stay.objects.standing()
        .filter(placement__site__in=keys)
        .order_by()
        .values_list("placement__site")
        .annotate(
            due=Count("pk", filter=Q(state=StayState.DUE)),
            late=Count("pk", filter=late),
            present=Count("pk", filter=Q(state=StayState.PRESENT)),
            away=Count("pk", filter=Q(state__in=(StayState.AWAY, StayState.AWAY_FREED))),
        )
    )
    for site, due, late_people, present, away in stays:
        found[site] = _Counted(due=due, late=late_people, present=present, away=away)
    placements = (
        Placement.objects.open()
        .filter(site__in=keys)
        .order_by()
        .values_list("site")
        .annotate(
            moving=Sum("places", filter=Q(status=PlacementStatus.TRANSFER_PENDING)),
            too_long=Sum("places", filter=overstaying(now)),
        )
    )
    for site, moving, too_long in placements:
        found[site].moving, found[site].overstaying = moving or 0, too_long or 0
    return found
