"""Figures of head counts that others read: who is expected, how far a count is, the last count."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet
from django.db.models.functions import Coalesce

from accounts.models import Operation
from common import clock
from reception.choices import SiteStatus, StayState
from reception.models import HeadCount, Site, Stay
from reception.roll_call import Comparison, Number, Row, compare

# By this hour (local time) a site should have counted; decided with the field, may be passed.
COUNT_BY = time(20, 0)


@dataclass(frozen=True)
class Expected:
    """A household whose people should be at a site now: how many, and in which unit if known."""

    household_id: uuid.UUID
    placement_id: uuid.UUID
    persons: int
    unit_id: uuid.UUID | None = None


def expected_at(site: Site) -> dict[uuid.UUID, Expected]:
    """Who should be at a site now, by household: those who are there, not those who are away.

    The unit is that of the family where all of them are in one.
    """
    stays = Stay.objects.standing().filter(placement__site=site, state=StayState.PRESENT)
    rows = stays.order_by("placement_id").values_list(
        "placement__household_id", "placement_id", "unit_id"
    )
    found: dict[uuid.UUID, Expected] = {}
    for household_id, placement_id, unit_id in rows:
        so_far = found.get(household_id) or Expected(household_id, placement_id, 0, unit_id)
        found[household_id] = replace(
            so_far,
            persons=so_far.persons + 1,
            unit_id=unit_id if unit_id == so_far.unit_id else None,
        )
    return found


def compared(count: HeadCount, now: dict[uuid.UUID, Expected] | None = None) -> Comparison:
    """What a count found so far. `now` is who is expected now; without it nothing changed since.

    Rows are known by the key of their line, numbers by that of their tally.
    """
    rows = []
    left = dict(now or {})
    for pk, household_id, unit_id, before, seen in count.lines.values_list(
        "pk", "household_id", "unit_id", "expected", "seen"
    ):
        still = left.pop(household_id, None)
        persons = before if now is None else (still.persons if still else 0)
        rows.append(Row(pk, unit_id, before, persons, seen))
    rows += [Row(None, each.unit_id, 0, each.persons, None) for each in left.values()]
    tallies = count.tallies.order_by("pk").values_list("pk", "unit_id", "seen")
    return compare(rows, [Number(*each) for each in tallies])


def last_head_counts(site_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each of the sites last counted its people (closed a count, or began the open one)."""
    counted = (
        HeadCount.objects.filter(site__in=site_ids)
        .order_by()
        .values_list("site")
        .annotate(last=Max(Coalesce("closed_at", "started_at")))
    )
    return dict(counted)


def last_count_of(site: Site) -> HeadCount | None:
    """The newest count of a site, open or closed, with `n_open` differences."""
    counts = HeadCount.objects.filter(site=site).with_open_differences()
    return counts.order_by("-started_at", "-pk").first()


def sites_without_count(now: datetime | None = None, *, by: time = COUNT_BY) -> QuerySet[Site]:
    """Sites with people and no closed count of today, once the hour `by` (local) has come.

    Before that hour: none. Not filtered by user; narrow it with `visible_to`.
    """
    local = (now or clock.now()).astimezone(Operation.current().zone)
    if local.time() < by:
        return Site.objects.none()
    counted: Any = HeadCount.objects.filter(
        site=OuterRef("pk"), day=local.date(), closed_at__isnull=False
    )
    receiving = (SiteStatus.OPEN, SiteStatus.FULL)
    return Site.objects.filter(~Exists(counted), status__in=receiving, present__gt=0)
