"""Setting counters right that were changed behind the services' back (raw SQL, a restore)."""

from __future__ import annotations

from django.db import transaction

from audit.events import record_event
from reception.models import Site
from reception.selectors import counter_drifts
from reception.services.locks import lock_site


def mend_counters() -> int:
    """Write the sums of the placements into the counters; how many sites were changed.

    Where the placements hold more than the site may take, the overflow grows by the difference:
    people who are placed are not lost by mending, and the event says so.
    """
    mended = 0
    for drift in counter_drifts():
        with transaction.atomic():
            site = lock_site(drift.site.pk)
            for now in counter_drifts(Site.objects.filter(pk=site.pk)):
                above = now.reserved + now.present + site.blocked - site.capacity
                overflow = max(site.overflow, above)
                Site.objects.filter(pk=site.pk).update(
                    reserved=now.reserved, present=now.present, overflow=overflow
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
