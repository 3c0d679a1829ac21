"""Sites that reported, and sites from which nothing was heard for too long.

A sign of life is something that people at the site tell: who came, went or is away, a measurement,
a head count. What others do about the site from afar (a reservation, its expiry) is none. Each
kind of sign is one function; `register_sign` adds another (called from an app's `ready`):

    @register_sign
    def lorries_told(sites):
        return last_by_site(Lorry.objects.filter(site__in=sites), "site", "recorded_at")
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet

from accounts.policies import Permission
from reception.choices import PlacementStatus, SiteStatus, StayState
from reception.models import HeadCount, Placement, Site, SiteResource, Stay
from reception.querysets import sites_q

# From keys of sites to rows of (site, last time), as `last_by_site` makes them. Not evaluated: all
# kinds are asked in one statement.
Sign = Callable[[Collection[uuid.UUID]], "QuerySet[Any, Any]"]
REPORTING = (SiteStatus.OPEN, SiteStatus.FULL)
# What only the site itself can tell about people.
TOLD_ON_SITE = (StayState.PRESENT, StayState.AWAY, StayState.AWAY_FREED)
_signs: list[Sign] = []


@dataclass(frozen=True)
class SilentSite:
    """An open site from which nothing was heard for too long; `last` is None if never."""

    site: Site
    last: datetime | None
    silent: timedelta | None


def register_sign(sign: Sign) -> Sign:
    """Have `sign` asked too. It takes keys of sites; the same function counts once."""
    if sign not in _signs:
        _signs.append(sign)
    return sign


def last_signs(sites: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """The last sign of each site from which there is one; one query for all kinds."""
    keys = list(sites)
    last: dict[uuid.UUID, datetime] = {}
    if not keys or not _signs:
        return last
    first, *others = (sign(keys) for sign in _signs)
    for site, moment in first.union(*others, all=True):
        last[site] = max(moment, last.get(site, moment))
    return last


def silent_after() -> timedelta:
    """How long a site may say nothing (setting SITE_SILENT_HOURS)."""
    return timedelta(hours=settings.SITE_SILENT_HOURS)


def is_silent(site: Site, last: datetime | None, now: datetime) -> bool:
    """Whether an open site has said nothing for too long. Others need not report."""
    return site.status in REPORTING and (last is None or now - last > silent_after())


def sites_not_reporting(user: Any, now: datetime) -> list[SilentSite]:
    """The open sites that `user` may know of and that are silent; never heard first, then longest.

    Two queries: the sites, and their signs.
    """
    expected = Site.objects.for_refugees().filter(
        sites_q(user, Permission.SITES_READ), status__in=REPORTING
    )
    sites = list(expected.order_by("name", "pk"))
    last = last_signs(site.pk for site in sites)
    silent = [
        SilentSite(site, heard, now - heard if heard else None)
        for site in sites
        if is_silent(site, heard := last.get(site.pk), now)
    ]
    return sorted(silent, key=lambda each: (each.last is not None, each.last or now))


def last_by_site(rows: Any, site: str, moment: str) -> QuerySet[Any, Any]:
    """Rows of (site, last time) from a queryset with these two fields, for a sign."""
    latest: QuerySet[Any, Any] = rows.order_by().values_list(site).annotate(last=Max(moment))
    return latest


@register_sign
def people_told(sites: Collection[uuid.UUID]) -> QuerySet[Any, Any]:
    """When it was last recorded that somebody came to the site, went away or came back."""
    told = Stay.objects.filter(placement__site__in=sites, state__in=TOLD_ON_SITE)
    return last_by_site(told, "placement__site", "recorded_at")


@register_sign
def departures_told(sites: Collection[uuid.UUID]) -> QuerySet[Any, Any]:
    """When a family last left the site."""
    left = Placement.objects.filter(site__in=sites, status=PlacementStatus.CHECKED_OUT)
    return last_by_site(left, "site", "ended_at")


@register_sign
def measurements_told(sites: Collection[uuid.UUID]) -> QuerySet[Any, Any]:
    """When something at the site was last measured."""
    return last_by_site(SiteResource.objects.filter(site__in=sites), "site", "updated_at")


@register_sign
def roll_calls_told(sites: Collection[uuid.UUID]) -> QuerySet[Any, Any]:
    """When the site last called its roll."""
    return last_by_site(HeadCount.objects.filter(site__in=sites), "site", "started_at")
