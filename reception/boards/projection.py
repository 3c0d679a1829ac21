"""The next 72 hours: people to expect and places left, as an estimate from the last three days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, DurationField, ExpressionWrapper, F, Min, Value
from django.db.models.functions import Extract, Floor
from django.utils.translation import gettext as _

from accounts.policies import Permission, access_of
from common.errors import NotPermitted
from intake.choices import NEVER_COUNTED, EntryKind
from intake.models import Person, PersonExit
from reception.boards.forecasting import (
    HISTORY_DAYS,
    SLOT_HOURS,
    SLOTS_A_DAY,
    Range,
    Stream,
    predict,
    stream_of,
)
from reception.models import Site
from reception.selectors import unplaced_persons

HORIZONS = (24, 48, 72)
# Why there is no estimate.
NOBODY_CAME, TOO_EARLY = "nobody_came", "too_early"


@dataclass(frozen=True)
class Horizon:
    """What to expect in `hours` from now. `places_left` below zero: so many are missing."""

    hours: int
    more_people: Range
    people: Range
    places_left: Range | None


@dataclass(frozen=True)
class Projection:
    """An estimate, or the reason why there is none (`reason`: nobody_came, too_early).

    `arrivals`, `births`, `departures` were counted in the last `days` whole days. `free` is of the
    open sites that the reader may know of (None: the reader sees no sites); `waiting` are people
    without a place now. `full_in`: hours until the places run out as expected, `full_early` when
    many come, `full_late` when few come; None: not within 72 hours.
    """

    as_of: datetime
    reason: str
    days: int
    arrivals: int
    births: int
    departures: int
    present: int
    waiting: int
    free: int | None
    horizons: tuple[Horizon, ...] = ()
    full_in: int | None = None
    full_early: int | None = None
    full_late: int | None = None

    @property
    def available(self) -> bool:
        """Whether there is an estimate."""
        return not self.reason


def may_project(user: Any) -> bool:
    """Whether the user reads reports for the whole operation: it is a figure of all of it."""
    return access_of(user).scopes(Permission.REPORTS_READ).everywhere


def projection(user: Any, now: datetime) -> Projection:
    """The estimate for 24, 48 and 72 hours from `now`; see `forecasting` for the method.

    A fixed number of queries. Raises NotPermitted for who does not read reports for the whole
    operation.
    """
    if not may_project(user):
        raise NotPermitted("not_permitted", _("This is for those who see the whole operation."))
    first = Person.objects.counted(now).aggregate(first=Min("arrived_at"))["first"]
    days = min(HISTORY_DAYS, (now - first).days) if first else 0
    came = _came(now, max(days, 1))
    left = _left(now, max(days, 1))
    facts: dict[str, Any] = {
        "as_of": now,
        "days": days,
        "arrivals": sum(came[EntryKind.ARRIVAL]) + sum(came[EntryKind.TRANSFER]),
        "births": sum(came[EntryKind.BIRTH]),
        "departures": sum(left),
        "present": Person.objects.present(now).count(),
        "waiting": unplaced_persons(now),
        "free": _free(user),
    }
    if first is not None and days < 1:
        return Projection(reason=TOO_EARLY, **facts)
    if not facts["arrivals"]:
        return Projection(reason=NOBODY_CAME, **facts)
    arrived = [
        a + t for a, t in zip(came[EntryKind.ARRIVAL], came[EntryKind.TRANSFER], strict=True)
    ]
    coming = [stream_of(arrived), stream_of(came[EntryKind.BIRTH])]
    leaving = [stream_of(left)]
    return Projection(reason="", **facts, **_estimate(coming, leaving, facts))


def _estimate(coming: list[Stream], leaving: list[Stream], facts: dict[str, Any]) -> dict[str, Any]:
    room = None if facts["free"] is None else facts["free"] - facts["waiting"]
    edges = range(0, max(HORIZONS) + 1, SLOT_HOURS)
    steps = {hours: predict(coming, leaving, hours) for hours in edges}
    horizons = tuple(
        Horizon(
            hours=hours,
            more_people=steps[hours],
            people=_moved(steps[hours], facts["present"]),
            places_left=None if room is None else _taken_from(steps[hours], room),
        )
        for hours in HORIZONS
    )
    if room is None:
        return {"horizons": horizons}
    return {
        "horizons": horizons,
        "full_in": _hour_full([(h, each.expected) for h, each in steps.items()], room),
        "full_early": _hour_full([(h, each.high) for h, each in steps.items()], room),
        "full_late": _hour_full([(h, each.low) for h, each in steps.items()], room),
    }


def _moved(each: Range, by: int) -> Range:
    return Range(each.expected + by, max(each.low + by, 0), each.high + by)


def _taken_from(each: Range, room: int) -> Range:
    """Places left: few when many come."""
    return Range(room - each.expected, room - each.high, room - each.low)


def _hour_full(steps: Iterable[tuple[int, int]], room: int) -> int | None:
    """The first whole hour at which more places are needed than there are; straight in a slot."""
    before_hours, before = 0, 0
    for hours, needed in steps:
        if needed > room:
            if needed == before or hours == 0:
                return hours
            share = max(room - before, 0) / (needed - before)
            return round(before_hours + share * (hours - before_hours))
        before_hours, before = hours, needed
    return None


def _free(user: Any) -> int | None:
    """Free places of the open sites that the user may know of; None for who sees no sites."""
    if not access_of(user).can(Permission.SITES_READ):
        return None
    sites = Site.objects.visible_to(user).open()
    return sum(max(site.free, 0) for site in sites)


def _slot(moment: str, now: datetime) -> Floor:
    """How many whole slots before `now` something happened."""
    age = ExpressionWrapper(Value(now) - F(moment), output_field=DurationField())
    return Floor(Extract(age, "epoch") / float(SLOT_HOURS * 3600))


def _came(now: datetime, days: int) -> dict[str, list[int]]:
    """People who came into the count by kind, in slots, oldest first."""
    rows = (
        Person.objects.counted(now)
        .filter(arrived_at__gt=now - timedelta(days=days))
        .values_list("entry", _slot("arrived_at", now))
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts = {kind: [0] * (days * SLOTS_A_DAY) for kind in EntryKind.values}
    for entry, slot, number in rows:
        counts[entry][-1 - int(slot)] += number
    return counts


def _left(now: datetime, days: int) -> list[int]:
    """People who left the count, in slots, oldest first."""
    exits = PersonExit.objects.happened().exclude(reason__in=NEVER_COUNTED)
    rows = (
        exits.filter(occurred_at__gt=now - timedelta(days=days), occurred_at__lte=now)
        .values_list(_slot("occurred_at", now))
        .annotate(n=Count("pk"))
        .order_by()
    )
    counts = [0] * (days * SLOTS_A_DAY)
    for slot, number in rows:
        counts[-1 - int(slot)] += number
    return counts
