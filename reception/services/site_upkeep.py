"""Keeping sites true: editions of norms that begin, sums of blocked places."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction

from audit.events import record_event
from common import clock
from reception.capacity import explain_capacity
from reception.models import Site, Unit
from reception.services.blocks import blocked_sums, reasons_in_force
from reception.services.counters import level_since
from reception.services.locks import lock_site, lock_unit
from reception.services.sites import recalculate_capacity


def apply_norms() -> int:
    """Work out anew the capacity of sites for which another edition of a norm counts today.

    How many sites changed. A site where more places are taken or blocked than would be left
    keeps its capacity: nobody is moved out by a norm. The event `site.norms_not_met` tells it
    each time.
    """
    changed = 0
    for pk in Site.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            site = lock_site(pk)
            wanted = explain_capacity(site).capacity
            if wanted == site.capacity:
                continue
            if site.taken + site.blocked <= wanted + site.overflow:
                recalculate_capacity(site=site)
                changed += 1
            else:
                record_event("site.norms_not_met", site, actor=None, capacity=wanted)
    return changed


@dataclass(frozen=True)
class BlockedDrift:
    """A site whose blocked places, there or in its units, are not the sum of its blocks."""

    site: Site
    blocked: int
    units: dict[uuid.UUID, int]


def blocked_drifts() -> list[BlockedDrift]:
    """Sites whose counters of blocked places differ from their blocks, with what those say."""
    found = (_drift(site) for site in Site.objects.prefetch_related("units").order_by("pk"))
    return [drift for drift in found if drift is not None]


def _drift(site: Site) -> BlockedDrift | None:
    total, units = blocked_sums(site)
    differs = [unit for unit in site.units.all() if unit.blocked != units.get(unit.pk, 0)]
    return BlockedDrift(site, total, units) if differs or site.blocked != total else None


def mend_blocked() -> int:
    """Write the sums of the blocks into the counters of sites and units; how many sites.

    Where people hold these places the overflow or the unit's capacity grows: nobody loses a
    place by mending.
    """
    drifts = blocked_drifts()
    for drift in drifts:
        with transaction.atomic():
            site = lock_site(drift.site.pk)
            total, units = blocked_sums(site)
            Site.objects.filter(pk=site.pk).update(
                blocked=total,
                blocked_reason=reasons_in_force(site),
                overflow=max(site.overflow, site.taken + total - site.capacity),
                level_since=level_since(clock.now()),
            )
            for pk in site.units.order_by("pk").values_list("pk", flat=True):
                unit = lock_unit(pk)
                blocked = units.get(pk, 0)
                Unit.objects.filter(pk=pk).update(
                    blocked=blocked, capacity=max(unit.capacity, unit.taken + blocked)
                )
            before = {"before": site.blocked, "after": total}
            record_event("site.blocked_mended", site, actor=None, blocked=before)
    return len(drifts)
