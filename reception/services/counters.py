"""Changing the counters of taken places: the only module that does.

One UPDATE adds to the counter; the CHECK `site_places_within_capacity` refuses what is too much.
Whoever comes second waits for the row and is judged by what the first one left. Nothing is read
beforehand, so nothing read can be out of date.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict
from reception.choices import PRESENT_STATUSES, RESERVED_STATUSES, SiteStatus
from reception.models import Site


@dataclass
class Moves:
    """Changes to the counters, gathered per site and written in the order of keys."""

    _reserved: dict[uuid.UUID, int] = field(default_factory=dict)
    _present: dict[uuid.UUID, int] = field(default_factory=dict)
    _receiving: set[uuid.UUID] = field(default_factory=set)

    def add(self, site_id: uuid.UUID, status: str, places: int, *, arrives: bool = False) -> Moves:
        """`places` more (or fewer) at a site in the counter of `status`; closed states hold none.

        `arrives`: a household comes to this site, which must be open.
        """
        if status in RESERVED_STATUSES:
            self._reserved[site_id] = self._reserved.get(site_id, 0) + places
        elif status in PRESENT_STATUSES:
            self._present[site_id] = self._present.get(site_id, 0) + places
        if arrives:
            self._receiving.add(site_id)
        return self

    def write(self) -> None:
        """Write them, or have the database refuse with an IntegrityError.

        Raises Conflict `site_not_receiving` when a household would come to a site that is not
        open at the moment of writing.
        """
        for site_id in sorted({*self._reserved, *self._present}):
            reserved = self._reserved.get(site_id, 0)
            present = self._present.get(site_id, 0)
            if not (reserved or present):
                continue
            sites = Site.objects.filter(pk=site_id)
            if site_id in self._receiving:
                sites = sites.filter(status=SiteStatus.OPEN)
            if not _shift(sites, reserved, present):
                raise site_not_receiving()


def _shift(sites: QuerySet[Site], reserved: int, present: int) -> int:
    """Add to both counters in one statement; how many rows were changed.

    `updated_at` stays: it stands for what the manager edits, and a check-in must not make their
    open form stale. Overflow whose time is over shrinks to what is in use, so that a place that
    becomes free above the capacity is not taken again.
    """
    taken = F("reserved") + F("present") + F("blocked")
    least_taken = taken + min(reserved + present, 0)
    in_use = Greatest(least_taken - F("capacity"), 0)
    return sites.update(
        reserved=F("reserved") + reserved,
        present=F("present") + present,
        overflow=Case(
            When(overflow_until__lte=clock.now(), then=Least(F("overflow"), in_use)),
            default=F("overflow"),
        ),
    )


def add_people_present(site: Site, places: int) -> int:
    """Count people who are at a locked site already; how many are above its capacity.

    They cannot be refused, so the overflow grows by what is missing. Without a grant in force
    the extra places are only theirs: their time is over at once, and they vanish when someone
    leaves.
    """
    now = clock.now()
    in_force = site.overflow and (site.overflow_until is None or site.overflow_until > now)
    above = max(site.taken + site.blocked - site.capacity, 0)
    usable = site.overflow if in_force else min(site.overflow, above)
    free = site.capacity + usable - site.blocked - site.taken
    missing = max(places - max(free, 0), 0)
    changes: dict[str, object] = {"present": F("present") + places}
    if missing:
        changes["overflow"] = usable + missing
        if not in_force:
            changes["overflow_until"] = now
    Site.objects.filter(pk=site.pk).update(**changes)
    return missing


def site_not_receiving() -> Conflict:
    """The site is not open."""
    return Conflict(
        "site_not_receiving", _("This site is not receiving people. Choose an open site.")
    )
