"""What was: who was where at any moment, and when a site held more people than it should.

Answers come from the stays of persons and the levels of sites, which nothing overwrites. The time
of a stay is when it happened, also where it was written down later.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from reception.choices import StayState
from reception.models import Site, Stay


def people_at(site: Site, moment: datetime) -> QuerySet[Stay]:
    """The stays that went on at `site` at `moment`: who was expected, present or away then."""
    return (
        Stay.objects.at(moment)
        .filter(placement__site=site)
        .exclude(state=StayState.NOT_COME)
        .select_related("placement__household", "unit", "person")
        .order_by("placement__household__reference", "person__position", "pk")
    )


def whereabouts(persons: Iterable[uuid.UUID]) -> QuerySet[Stay]:
    """Every stay of these persons, the newest first."""
    return (
        Stay.objects.filter(person__in=list(persons))
        .select_related("placement__site", "unit")
        .order_by("-since", "-pk")
    )


@dataclass(frozen=True)
class Over:
    """A time in which a site held more than it could: `until` is None while it goes on.

    `most` people with places at once, of them at most `above` more than the places it had by its
    capacity (without granted overflow, less blocked places). `granted`: the overflow that was
    granted covered it all the time.
    """

    since: datetime
    until: datetime | None
    most: int
    above: int
    granted: bool


# Each stay adds one at its beginning and takes one away at its end; each level says what the site
# could take from then on. Between two changes nothing changes. Empty times are left out.
_STEPS = """
WITH changes AS (
    SELECT s.since AS at, 1 AS by FROM reception_stay s
    JOIN reception_placement p ON p.id = s.placement_id
    WHERE p.site_id = %(site)s AND s.state = ANY(%(states)s)
    UNION ALL
    SELECT s.until, -1 FROM reception_stay s
    JOIN reception_placement p ON p.id = s.placement_id
    WHERE p.site_id = %(site)s AND s.state = ANY(%(states)s) AND s.until IS NOT NULL
    UNION ALL
    SELECT since, 0 FROM reception_sitelevel WHERE site_id = %(site)s
), sums AS (
    SELECT at, SUM(SUM(by)) OVER (ORDER BY at) AS people FROM changes GROUP BY at
), steps AS (
    SELECT at, LEAD(at) OVER (ORDER BY at) AS next, people FROM sums
)
SELECT steps.at, steps.next, steps.people::integer, level.capacity - level.blocked, level.overflow
FROM steps
CROSS JOIN LATERAL (
    SELECT capacity, blocked, overflow FROM reception_sitelevel
    WHERE site_id = %(site)s ORDER BY (since <= steps.at) DESC,
          CASE WHEN since <= steps.at THEN since END DESC, since, id DESC LIMIT 1
) level
WHERE steps.people > level.capacity - level.blocked
ORDER BY steps.at
"""


def times_over(site: Site, *, present_only: bool = False) -> list[Over]:
    """Every time in which `site` held more people than its capacity, the first one first.

    Places that were kept for people who had not come count, unless `present_only`. Before the
    first level that is known the first one counts.
    """
    states = [StayState.PRESENT, StayState.AWAY]
    if not present_only:
        states.append(StayState.DUE)
    with connection.cursor() as cursor:
        cursor.execute(_STEPS, {"site": site.pk, "states": [str(state) for state in states]})
        steps = cursor.fetchall()
    found: list[Over] = []
    for since, until, people, places, overflow in steps:
        above = people - places
        step = Over(since, until, people, above, above <= overflow)
        if found and found[-1].until == since:
            last = found.pop()
            step = Over(
                last.since,
                until,
                max(last.most, people),
                max(last.above, above),
                last.granted and step.granted,
            )
        found.append(step)
    return found


def stays_between(site: Site, since: datetime, until: datetime) -> QuerySet[Stay]:
    """The stays at `site` that touch a span of time: for whoever traces contacts."""
    return Stay.objects.filter(
        Q(until__isnull=True) | Q(until__gt=since), placement__site=site, since__lt=until
    ).exclude(state=StayState.NOT_COME)
