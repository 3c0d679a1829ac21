"""The figures of a situation report at one instant, each from one statement.

Every figure counts civilians (`PersonQuerySet.counted` and `present`). Ages are derived on the
operation's day of the cut-off; the rule stands in intake.births.brackets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import TruncDate

from aid import selectors as aid
from intake.births.brackets import BRACKETS, UNKNOWN_BRACKET, bracket_thresholds
from intake.choices import (
    NEVER_COUNTED,
    BirthPrecision,
    EntryKind,
    ExitReason,
    NeedStatus,
    Sex,
)
from intake.models import (
    DuplicatePair,
    EntryPoint,
    HouseholdMove,
    OpenQuestion,
    Person,
    PersonExit,
    SpecificNeed,
)
from reception import selectors as reception
from reports.border import border_block

CHILD_BRACKETS = ("0-4", "5-11", "12-17")
OLDER_BRACKET = "60+"
UNACCOMPANIED = ("SC-UC", "SC-UM")
_MIDDLE = (
    "intake_person.birth_earliest + (intake_person.birth_latest - intake_person.birth_earliest) / 2"
)
_ENTRIES = {
    "arrivals": EntryKind.ARRIVAL,
    "births": EntryKind.BIRTH,
    "transfers_in": EntryKind.TRANSFER,
}
# How each reason of exit enters the balance; duplicates and errors were never in it.
_FLOWS = {
    "departures": (
        ExitReason.DEPARTED,
        ExitReason.VOLUNTARY_RETURN,
        ExitReason.FORCED_RETURN,
        ExitReason.RESETTLED,
        ExitReason.PRIVATE,
        ExitReason.DISAPPEARED,
        ExitReason.NO_SHOW,
    ),
    "deaths": (ExitReason.DECEASED,),
    "transfers_out": (ExitReason.TRANSFERRED,),
    "separated": (ExitReason.SEPARATED,),
}


@dataclass(frozen=True)
class Moment:
    """The instant of a report and the day it is in the operation's time zone."""

    as_of: datetime
    zone: ZoneInfo

    @property
    def day(self) -> date:
        """The local day of the cut-off, at which ages are taken."""
        return self.as_of.astimezone(self.zone).date()


def _middle_is_after(limit: date) -> RawSQL:
    return RawSQL(f"{_MIDDLE} > %s", (limit,), output_field=BooleanField())  # noqa: S611


def bracket_expression(on: date) -> Case:
    """The bracket of a person on a day as SQL: the rule of intake.births.brackets."""
    born_after = dict(bracket_thresholds(on))
    adulthood = born_after["12-17"]
    return Case(
        When(birth_earliest__isnull=True, then=Value(UNKNOWN_BRACKET)),
        When(birth_latest__gt=adulthood, birth_earliest__lte=adulthood, then=Value("12-17")),
        *(
            When(_middle_is_after(limit), then=Value(name))
            for name, limit in born_after.items()
            if name != OLDER_BRACKET
        ),
        default=Value(OLDER_BRACKET),
        output_field=CharField(),
    )


def age_sex(moment: Moment) -> list[dict[str, Any]]:
    """Persons present by bracket and sex: rows {bracket, female, male, other}.

    `other` holds the sexes "other" and "unknown". Every bracket has its row, also when empty.
    """
    counted: dict[str, dict[str, int]] = defaultdict(lambda: {"female": 0, "male": 0, "other": 0})
    columns: dict[str, str] = {Sex.FEMALE: "female", Sex.MALE: "male"}
    rows = (
        Person.objects.present(moment.as_of)
        .values("sex", bracket=bracket_expression(moment.day))
        .annotate(persons=Count("pk"))
        .order_by()
    )
    for row in rows:
        counted[row["bracket"]][columns.get(row["sex"], "other")] += row["persons"]
    return [{"bracket": bracket, **counted[bracket]} for bracket in BRACKETS]


def arrivals(moment: Moment) -> list[dict[str, Any]]:
    """Rows {date, code, name, persons, households} of counted arrivals by local day and place."""
    rows = (
        Person.objects.counted(moment.as_of)
        .in_household_of()
        .filter(entry=EntryKind.ARRIVAL)
        .values(
            date=TruncDate("arrived_at", tzinfo=moment.zone),
            point=F("arrival__entry_point_id"),
        )
        .annotate(persons=Count("pk"), households=Count("household_then", distinct=True))
        .order_by("date", "point")
    )
    points = EntryPoint.objects.in_bulk()
    return [
        {
            "date": row["date"].isoformat(),
            "code": points[row["point"]].code if row["point"] else "",
            "name": points[row["point"]].name if row["point"] else "",
            "persons": row["persons"],
            "households": row["households"],
        }
        for row in rows
    ]


def _summed(rows: Iterable[dict[str, Any]], key: str, *numbers: str) -> dict[str, dict[str, int]]:
    sums: dict[str, dict[str, int]] = {}
    for row in rows:
        entry = sums.setdefault(row[key], dict.fromkeys(numbers, 0))
        for number in numbers:
            entry[number] += row[number]
    return sums


def arrivals_by_day(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows {date, persons, households} from `arrivals`. A household that came in two parts on
    one day at two places is counted at each of them."""
    return [
        {"date": day, **sums}
        for day, sums in sorted(_summed(rows, "date", "persons", "households").items())
    ]


def arrivals_by_entry_point(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows {code, name, persons} from `arrivals`, most first."""
    names = {row["code"]: row["name"] for row in rows}
    sums = _summed(rows, "code", "persons")
    ordered = sorted(sums.items(), key=lambda item: (-item[1]["persons"], item[0]))
    return [{"code": code, "name": names[code], **row} for code, row in ordered]


def unaccompanied_children(moment: Moment) -> int:
    """Persons present with an unaccompanied child's need that staff recorded."""
    recorded = SpecificNeed.objects.filter(
        person=OuterRef("pk"),
        type_id__in=UNACCOMPANIED,
        status__in=(NeedStatus.CONFIRMED, NeedStatus.PENDING_REVIEW),
    )
    return Person.objects.present(moment.as_of).filter(Exists(recorded)).count()


def flow(moment: Moment, since: datetime) -> dict[str, int]:
    """The balance from `since` to the cut-off, in persons.

    stock = previous_stock + arrivals + births + transfers_in + reactivations - departures - deaths
    - transfers_out - separated, to the person, at any past instant. Records found to be repeats or
    mistakes leave both ends alike; an exit that was taken back never happened.
    """
    counted = Person.objects.counted(moment.as_of)
    entered = dict(
        counted.filter(arrived_at__gt=since)
        .values_list("entry")
        .annotate(persons=Count("pk"))
        .order_by()
    )
    exits = (
        PersonExit.objects.happened().filter(person__in=counted).exclude(reason__in=NEVER_COUNTED)
    )
    left = dict(
        exits.filter(occurred_at__gt=since, occurred_at__lte=moment.as_of)
        .values_list("reason")
        .annotate(persons=Count("pk"))
        .order_by()
    )
    returned = exits.filter(returned_at__gt=since, returned_at__lte=moment.as_of)
    return {
        "previous_stock": Person.objects.present(since).count(),
        **{name: entered.get(entry, 0) for name, entry in _ENTRIES.items()},
        "reactivations": returned.count(),
        **{
            name: sum(left.get(reason, 0) for reason in reasons) for name, reasons in _FLOWS.items()
        },
        "stock": Person.objects.present(moment.as_of).count(),
    }


def data_quality(moment: Moment) -> dict[str, Any]:
    """Share of estimated births (per cent), sexes not recorded, pairs and questions not decided."""
    present = Person.objects.present(moment.as_of).aggregate(
        persons=Count("pk"),
        estimated=Count("pk", filter=~Q(birth_precision=BirthPrecision.DAY)),
        sex_unknown=Count("pk", filter=Q(sex=Sex.UNKNOWN)),
    )
    return {
        "birth_estimated_pct": round(100 * present["estimated"] / max(present["persons"], 1)),
        "sex_unknown": present["sex_unknown"],
        "possible_duplicates_open": DuplicatePair.objects.undecided().count(),
        "open_questions": OpenQuestion.objects.open().count(),
    }


def households_of(moment: Moment) -> int:
    """Households with somebody present, each person in the household of that instant."""
    present = Person.objects.present(moment.as_of)
    if not HouseholdMove.objects.filter(occurred_at__gt=moment.as_of).exists():
        return int(present.aggregate(n=Count("household_id", distinct=True))["n"])
    then = present.in_household_of(moment.as_of)
    return int(then.aggregate(n=Count("household_then", distinct=True))["n"])


def key_figures(
    moment: Moment,
    *,
    people: list[dict[str, Any]],
    sites: list[dict[str, Any]],
    aid_rows: list[dict[str, Any]],
) -> dict[str, int]:
    """The key figures of design.md, from the tables already made and four small statements."""
    arrived = Person.objects.counted(moment.as_of).filter(entry=EntryKind.ARRIVAL)
    female = sum(row["female"] for row in people)
    male = sum(row["male"] for row in people)
    children = [row for row in people if row["bracket"] in CHILD_BRACKETS]
    older = [row for row in people if row["bracket"] == OLDER_BRACKET]
    total = {row["bracket"]: row["female"] + row["male"] + row["other"] for row in people}
    day_before = moment.as_of - timedelta(hours=24)
    return {
        "arrivals_total": arrived.count(),
        "arrivals_last_24h": arrived.filter(arrived_at__gt=day_before).count(),
        "present": sum(total.values()),
        "households": households_of(moment),
        "female": female,
        "male": male,
        "under_18": sum(total[row["bracket"]] for row in children),
        "aged_60_plus": sum(total[row["bracket"]] for row in older),
        "women_children_elderly": female
        + sum(row["male"] + row["other"] for row in (*children, *older)),
        "unaccompanied_children": unaccompanied_children(moment),
        "unplaced": reception.unplaced_persons(moment.as_of),
        "sites_open": sum(1 for site in sites if site["status"] == "open"),
        "places_free": sum(max(site["free"], 0) for site in sites if site["status"] == "open"),
        "requests_open": sum(row["open"] for row in aid_rows),
        "requests_overdue": sum(row["overdue"] for row in aid_rows),
    }


def figures(moment: Moment, since: datetime) -> dict[str, Any]:
    """Everything a situation report freezes: the shape of `situation-reports/latest/`."""
    people = age_sex(moment)
    arrived = arrivals(moment)
    sites = reception.published_sites(moment.as_of)
    aid_rows = aid.by_sector(moment.as_of)
    return {
        "key_figures": key_figures(moment, people=people, sites=sites, aid_rows=aid_rows),
        "arrivals_by_day": arrivals_by_day(arrived),
        "arrivals_by_entry_point": arrivals_by_entry_point(arrived),
        "arrivals_by_day_and_entry_point": [
            {key: row[key] for key in ("date", "code", "name", "persons")} for row in arrived
        ],
        "age_sex": people,
        "sites": [
            {key: row[key] for key in ("code", "name", "capacity", "present", "reserved", "free")}
            for row in sites
        ],
        "aid_by_sector": aid_rows,
        "aid_delivered": aid.delivered(moment.as_of),
        "flow": flow(moment, since),
        "data_quality": data_quality(moment),
        "border": border_block(moment.as_of, since),
    }
