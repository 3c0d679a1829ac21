"""Setting counters right that were changed behind the services' back (raw SQL, a restore)."""

from __future__ import annotations

from django.db import transaction

from audit.events import record_event
from common import clock
from reception.models import Placement, Site, Unit
from reception.selectors import counter_drifts, places_drifts, unit_drifts
from reception.services.counters import level_since
from reception.services.locks import lock_placement, lock_site, lock_unit


def mend_counters() -> int:
    """Write what the stays say into the counters of placements, sites and units; how many rows.

    Where people hold more than a site or unit may take, its overflow or capacity grows by the
    difference: people who are placed are not lost by mending, and the event says so.
    """
    return _mend_placements() + _mend_sites() + _mend_units()


def _mend_placements() -> int:
    mended = 0
    for drift in places_drifts():
        with transaction.atomic():
            placement = lock_placement(drift.placement.pk)
            now = next((d for d in places_drifts() if d.placement.pk == placement.pk), None)
            if now is None or not now.places:
                continue
            Placement.objects.filter(pk=placement.pk).update(
                places=now.places, updated_at=clock.now()
            )
            places = {"before": placement.places, "after": now.places}
            record_event("placement.places_mended", placement, actor=None, places=places)
            mended += 1
    return mended


def _mend_sites() -> int:
    mended = 0
    for drift in counter_drifts():
        with transaction.atomic():
            site = lock_site(drift.site.pk)
            for now in counter_drifts(Site.objects.filter(pk=site.pk)):
                above = now.reserved + now.present + site.blocked - site.capacity
                overflow = max(site.overflow, above)
                Site.objects.filter(pk=site.pk).update(
                    reserved=now.reserved,
                    present=now.present,
                    overflow=overflow,
                    level_since=level_since(clock.now()),
                )
                record_event(
                    "site.counters_mended",
                    site,
                    actor=None,
                    reserved={"before": site.reserved, "after": now.reserved},
                    present={"before": site.present, "after": now.present},
                    overflow={"before": site.overflow, "after": overflow},
                )
                mended += 1
    return mended


def _mend_units() -> int:
    mended = 0
    for drift in unit_drifts():
        with transaction.atomic():
            unit = lock_unit(drift.unit.pk)
            for now in unit_drifts(Unit.objects.filter(pk=unit.pk)):
                capacity = max(unit.capacity, now.taken + unit.blocked)
                Unit.objects.filter(pk=unit.pk).update(taken=now.taken, capacity=capacity)
                record_event(
                    "unit.counters_mended",
                    unit,
                    actor=None,
                    site=drift.unit.site.code,
                    taken={"before": unit.taken, "after": now.taken},
                    capacity={"before": unit.capacity, "after": capacity},
                )
                mended += 1
    return mended
