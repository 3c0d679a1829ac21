"""Changing the counters of taken places, of sites and of units: the only module that does.

One UPDATE adds to the counter; the CHECKs `site_places_within_capacity` and
`unit_places_within_capacity` refuse what is too much.
Whoever comes second waits for the row and is judged by what the first one left. Nothing is read
beforehand, so nothing read can be out of date.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext as _

from common import clock
from common.errors import Conflict
from reception.choices import HOLDING_STATES, SiteStatus, StayState
from reception.models import Site, Stay, Unit


@dataclass
class Moves:
    """Changes to the counters, gathered and written in the order of keys: sites, then units."""

    _reserved: dict[uuid.UUID, int] = field(default_factory=dict)
    _present: dict[uuid.UUID, int] = field(default_factory=dict)
    _units: dict[uuid.UUID, int] = field(default_factory=dict)
    _receiving: set[uuid.UUID] = field(default_factory=set)

    def stay(self, site_id: uuid.UUID, stay: Stay, by: int) -> None:
        """One stay more or less: who is due counts as reserved, who is here or away as present."""
        if stay.state not in HOLDING_STATES:
            return
        counter = self._reserved if stay.state == StayState.DUE else self._present
        counter[site_id] = counter.get(site_id, 0) + by
        if stay.unit_id is not None:
            self._units[stay.unit_id] = self._units.get(stay.unit_id, 0) + by

    def arrives_at(self, site_id: uuid.UUID) -> Moves:
        """A household comes to this site, which must be open at the moment of writing."""
        self._receiving.add(site_id)
        return self

    def join(self, other: Moves) -> Moves:
        """Take over what `other` gathered: all is written in one order of keys."""
        for mine, theirs in (
            (self._reserved, other._reserved),
            (self._present, other._present),
            (self._units, other._units),
        ):
            for key, by in theirs.items():
                mine[key] = mine.get(key, 0) + by
        self._receiving |= other._receiving
        return self

    def take_present(self, site_id: uuid.UUID) -> int:
        """How many more people are present there; the caller counts them another way."""
        return self._present.pop(site_id, 0)

    def write(self) -> None:
        """Write them once, or have the database refuse with an IntegrityError.

        Raises Conflict `site_not_receiving` when a household would come to a site that is not
        open at the moment of writing.
        """
        for site_id in sorted({*self._reserved, *self._present, *self._receiving}):
            reserved = self._reserved.get(site_id, 0)
            present = self._present.get(site_id, 0)
            if not (reserved or present) and site_id not in self._receiving:
                continue
            sites = Site.objects.filter(pk=site_id)
            if site_id in self._receiving:
                sites = sites.filter(status=SiteStatus.OPEN)
            if not _shift(sites, reserved, present):
                raise site_not_receiving()
        for unit_id in sorted(self._units):
            if by := self._units[unit_id]:
                Unit.objects.filter(pk=unit_id).update(taken=F("taken") + by)


def _shift(sites: QuerySet[Site], reserved: int, present: int) -> int:
    """Add to both counters in one statement; how many rows were changed.

    `updated_at` stays: it stands for what the manager edits, and a check-in must not make their
    open form stale. Overflow whose time is over shrinks to what is in use, so that a place that
    becomes free above the capacity is not taken again.
    """
    taken = F("reserved") + F("present") + F("blocked")
    least_taken = taken + min(reserved + present, 0)
    in_use = Greatest(least_taken - F("capacity"), 0)
    now = clock.now()
    return sites.update(
        reserved=F("reserved") + reserved,
        present=F("present") + present,
        overflow=Case(
            When(overflow_until__lte=now, then=Least(F("overflow"), in_use)),
            default=F("overflow"),
        ),
        level_since=Case(
            When(overflow_until__lte=now, then=level_since(now)), default=F("level_since")
        ),
    )


def level_since(moment: datetime) -> Greatest:
    """For an UPDATE that changes what a site may take: since when, by the operation's clock.

    Always later than before, also within one tick of the clock: by that the trigger tells a
    change that says its time from one that does not.
    """
    return Greatest(Value(moment), F("level_since") + timedelta(microseconds=1))


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
        changes |= {"overflow": usable + missing, "level_since": level_since(now)}
        if not in_force:
            changes["overflow_until"] = now
    Site.objects.filter(pk=site.pk).update(**changes)
    return missing


def site_not_receiving() -> Conflict:
    """The site is not open."""
    return Conflict(
        "site_not_receiving", _("This site is not receiving people. Choose an open site.")
    )
