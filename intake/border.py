"""Reading the border: the state of every entry point at a moment, who was seen and not registered.

Reconciliation. Seen are the people of standing counts whose period had ended. Registered are
civilians (`PersonQuerySet.counted`) whose own arrival at the entry point lies in one of those
periods, whenever it was recorded: who is registered late makes the gap smaller, and nobody is
counted twice. At each entry point

    seen = matched + not_yet_registered        registered = matched + surplus

with matched = min(seen, registered). The periods of one entry point are taken together, because
an arrival is told to the hour at best; entry points are not, because a surplus here registers
nobody there. People whom the authority took aside on arrival were seen too and are no civilians:
they stay in the difference.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Subquery

from intake.choices import EntryKind, Sex
from intake.models import CrossingCount, EntryPoint, EntryPointStatusChange, Person
from intake.querysets_border import CrossingCountQuerySet

SEXES = ("female", "male")
_COLUMNS: dict[str, str] = {Sex.FEMALE: "female", Sex.MALE: "male"}


@dataclass(frozen=True)
class EntryPointState:
    """How an entry point stood at a moment; `since` is None when nobody recorded it."""

    code: str
    name: str
    kind: str
    status: str
    reason: str
    since: datetime | None


def status_at(moment: datetime) -> list[EntryPointState]:
    """The state of every entry point at `moment`, by code.

    One that was set up later is left out; one without a history stands as it does now.
    """
    changes = EntryPointStatusChange.objects.filter(entry_point=OuterRef("pk"))
    then = changes.filter(occurred_at__lte=moment).latest_first()
    points = EntryPoint.objects.annotate(
        then=Subquery(then.values("pk")[:1]), ever=Subquery(changes.values("pk")[:1])
    ).order_by("code")
    rows: list[Any] = list(points)
    known = EntryPointStatusChange.objects.in_bulk([row.then for row in rows if row.then])
    states = []
    for row in rows:
        change = known.get(row.then)
        if change is not None:
            status, reason, since = change.status, change.reason, change.occurred_at
            states.append(EntryPointState(row.code, row.name, row.kind, status, reason, since))
        elif row.ever is None:
            states.append(
                EntryPointState(
                    row.code, row.name, row.kind, row.status, row.status_reason, row.status_since
                )
            )
    return states


@dataclass(frozen=True)
class Crossing:
    """People seen at one entry point and people registered, both in the periods of its counts.

    `seen_by_sex` and `registered_by_sex` have "female" and "male"; a sex that nobody saw or wrote
    down is in the totals only.
    """

    code: str
    name: str
    seen: int
    registered: int
    seen_by_sex: dict[str, int]
    registered_by_sex: dict[str, int]

    @property
    def matched(self) -> int:
        """People seen who are registered."""
        return min(self.seen, self.registered)

    @property
    def not_yet_registered(self) -> int:
        """People seen who are not registered yet; never below zero."""
        return self.seen - self.matched

    @property
    def surplus(self) -> int:
        """People registered beyond those seen: who counted did not see everybody."""
        return self.registered - self.matched

    @property
    def not_yet_by_sex(self) -> dict[str, int]:
        """The same people by sex, each at least so many; together `not_yet_registered`.

        "unknown" where neither sex can be told, and for all when the sexes that were seen do not
        agree with those registered.
        """
        least = {sex: max(self.seen_by_sex[sex] - self.registered_by_sex[sex], 0) for sex in SEXES}
        if sum(least.values()) > self.not_yet_registered:
            least = dict.fromkeys(SEXES, 0)
        return {**least, "unknown": self.not_yet_registered - sum(least.values())}


@dataclass(frozen=True)
class Reconciliation:
    """All entry points with counts, by code, and how many arrivals no count covers."""

    crossings: list[Crossing]
    registered_outside: int

    @property
    def seen(self) -> int:
        """People seen anywhere."""
        return sum(each.seen for each in self.crossings)

    @property
    def registered(self) -> int:
        """People registered in the periods of counts."""
        return sum(each.registered for each in self.crossings)

    @property
    def not_yet_registered(self) -> int:
        """The sum of the entry points: a surplus at one hides nobody at another."""
        return sum(each.not_yet_registered for each in self.crossings)

    @property
    def not_yet_by_sex(self) -> dict[str, int]:
        """The sum of the entry points by sex."""
        rows = [each.not_yet_by_sex for each in self.crossings]
        return {sex: sum(row[sex] for row in rows) for sex in (*SEXES, "unknown")}


def crossings(as_of: datetime) -> list[Crossing]:
    """Seen and registered at each entry point whose counts had ended at `as_of`, by code."""
    counts = CrossingCount.objects.over_by(as_of)
    registered = _registered(counts, as_of)
    seen: dict[str, list[CrossingCount]] = defaultdict(list)
    for count in counts.select_related("entry_point").order_by("entry_point__code"):
        seen[count.entry_point.code].append(count)
    return [
        Crossing(
            code=code,
            name=rows[0].entry_point.name,
            seen=sum(row.total for row in rows),
            registered=sum(registered[rows[0].entry_point_id].values()),
            seen_by_sex={sex: sum(row.seen(sex) for row in rows) for sex in SEXES},
            registered_by_sex={sex: registered[rows[0].entry_point_id][sex] for sex in SEXES},
        )
        for code, rows in seen.items()
    ]


def _registered(counts: CrossingCountQuerySet, as_of: datetime) -> dict[object, dict[str, int]]:
    """Persons by entry point and sex whose arrival a count covers."""
    found: dict[object, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    span = counts.aggregate(first=Min("began_at"), last=Max("ended_at"))
    if span["first"] is None:
        return found
    rows = (
        Person.objects.counted(as_of)
        .filter(
            counts.around_arrivals(),
            entry=EntryKind.ARRIVAL,
            arrived_at__gte=span["first"],
            arrived_at__lt=span["last"],
        )
        .values("arrival__entry_point_id", "sex")
        .annotate(persons=Count("pk"))
        .order_by()
    )
    for row in rows:
        sex = _COLUMNS.get(row["sex"], "unknown")
        found[row["arrival__entry_point_id"]][sex] += row["persons"]
    return found


def reconciliation(as_of: datetime) -> Reconciliation:
    """Everything seen at the border beside everything registered, at an instant."""
    rows = crossings(as_of)
    arrived = Person.objects.counted(as_of).filter(entry=EntryKind.ARRIVAL).count()
    return Reconciliation(rows, arrived - sum(row.registered for row in rows))


def registered_in(counts: CrossingCountQuerySet, as_of: datetime) -> dict[object, int]:
    """How many are registered in the period of each of these counts, by the count's key."""
    covering = counts.filter(
        entry_point=OuterRef("arrival__entry_point"),
        began_at__lte=OuterRef("arrived_at"),
        ended_at__gt=OuterRef("arrived_at"),
    )
    rows = (
        Person.objects.counted(as_of)
        .filter(counts.around_arrivals(), entry=EntryKind.ARRIVAL)
        .values(count_id=Subquery(covering.values("pk")[:1]))
        .annotate(persons=Count("pk"))
        .order_by()
    )
    return {row["count_id"]: row["persons"] for row in rows}
