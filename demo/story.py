"""What happened in the first days, told through the services as people would have done it.

The past is replayed: each step happens at its own moment of July 2021, so that the reports of
the mornings, the deadlines and the history read as they would have then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Agency, User
from aid import services as aid
from common import clock
from common.codelists import read_rows
from common.errors import CapacityExceeded, Conflict
from intake.choices import PairStatus
from intake.duplicates import decide_pair
from intake.imports import import_spreadsheet
from intake.models import DuplicatePair, Household, ImportBatch, Person
from reception import services as reception
from reception.models import Placement, Site
from reports.models import SituationReport
from reports.services import make_report, publish_report

ZONE = ZoneInfo("Asia/Dushanbe")
DATA = Path(__file__).parent / "data"
SCENARIO = Path(__file__).parent.parent / "scenario"
Say = Callable[[str], None]

# Where those who crossed at each point were brought, in this order.
ROUTES: dict[str, tuple[str, ...]] = {
    "TEM": ("TEM-RECEPTION", "KHOROG-SCHOOL-3", "KHOROG-HOSTEL"),
    "ISHKOSHIM": ("ISHKOSHIM-SCHOOL-1", "ISHKOSHIM-TENTS", "KHOROG-SCHOOL-3"),
    "KHUMROGI": ("RUSHAN-CENTRE",),
    "RUZVAI": ("DARVOZ-TRANSIT", "RUSHAN-CENTRE"),
}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of July 2021 in Dushanbe."""
    return datetime(2021, 7, day, hour, minute, tzinfo=ZONE)


def import_arrivals(*, actor: User, say: Say) -> ImportBatch:
    """The sheets the registrars typed at the crossings."""
    with clock.replaying(at(7, 20)):
        batch = import_spreadsheet(
            actor=actor,
            filename="arrivals.csv",
            content=(SCENARIO / "arrivals.csv").read_bytes(),
        )
    say(
        f"  {batch.persons} persons in {batch.households_count} households, "
        f"{batch.refused} rows refused"
    )
    return batch


def decide_repeats(*, actor: User, batch: ImportBatch, say: Say) -> None:
    """The night supervisor's notebook (demo/data/decisions.csv): which families came twice.

    Each decision is one that the queue offered; a household that the queue does not offer is
    left alone and said.
    """
    decided = 0
    for row in read_rows(DATA / "decisions.csv"):
        numbers = (row["household_no"], row["repeats"])
        households = [household_of(batch, int(number)) for number in numbers]
        first, second = sorted(each.pk for each in households)
        pair = DuplicatePair.objects.filter(first=first, second=second).first()
        if pair is None:
            say(f"  households {numbers[0]} and {numbers[1]} were not offered")
            continue
        if pair.status == PairStatus.OPEN:
            with clock.replaying(at(7, 22, 30)):
                decide_pair(actor=actor, pair=pair, same=True)
            decided += 1
    say(f"  {decided} repeated households decided")


def household_of(batch: ImportBatch, number: int) -> Household:
    """The household that an imported sheet's number became."""
    from intake.imports import household_id

    return Household.objects.get(pk=household_id(batch, str(number)))


def _waiting() -> Iterator[tuple[Household, datetime, str]]:
    households = (
        Household.objects.active()
        .filter(members__left_at__isnull=True)
        .prefetch_related("arrivals__entry_point")
        .distinct()
    )
    rows = []
    for household in households:
        arrival = min(household.arrivals.all(), key=lambda each: each.occurred_at)
        rows.append((household, arrival.occurred_at, arrival.entry_point.code))
    return iter(sorted(rows, key=lambda row: (row[1], row[0].reference)))


def place_families(*, actor: User, say: Say) -> None:
    """Most families have a place three hours after they crossed; some still wait."""
    placed = reserved = waiting = 0
    for index, (household, arrived_at, entry_point) in enumerate(_waiting()):
        late = arrived_at >= at(6, 18)
        with clock.replaying(arrived_at + timedelta(hours=3)):
            status = "reserved" if late else "checked_in"
            placement = None
            if index % 17:
                placement = _first_that_takes(household, entry_point, status, actor=actor)
        if placement is None:
            waiting += 1
        elif status == "reserved":
            reserved += 1
        else:
            placed += 1
    say(f"  {placed} households checked in, {reserved} reserved, {waiting} waiting")


def _first_that_takes(
    household: Household, entry_point: str, status: str, *, actor: User
) -> Placement | None:
    for code in ROUTES.get(entry_point, ()):
        try:
            return reception.place_household(
                actor=actor,
                household=household,
                site=Site.objects.get(code=code),
                status=status,
                reserved_until=clock.now() + timedelta(days=4) if status == "reserved" else None,
            )
        except (CapacityExceeded, Conflict):
            continue
    return None


def _answer(agency: str) -> User:
    return User.objects.get(username=f"{agency.lower()}_staff")


def ask_for_aid(*, coordinator: User, say: Say) -> None:
    """Requests of the first days, from demo/data/requests.csv, and what the agencies did."""
    count = 0
    for row in read_rows(DATA / "requests.csv"):
        asked_at = at(int(row["day"]), int(row["hour"]))
        with clock.replaying(asked_at):
            request = aid.request_aid(
                actor=coordinator,
                agency=Agency.objects.get(code=row["agency"]),
                sector=row["sector"],
                level=row["level"],
                beneficiary=_beneficiary(row),
                items=[{"item": row["item"], "quantity": row["quantity"], "unit": row["unit"]}],
                summary=row["summary"],
            )
        _steps(request, row, asked_at)
        count += 1
    say(f"  {count} requests to agencies")


def _beneficiary(row: dict[str, str]) -> Any:
    if row["site"]:
        return Site.objects.get(code=row["site"])
    # The oldest person who is present at the named kind of case: an invented patient.
    return (
        Person.objects.in_count()
        .filter(household__placements__isnull=False, birth_latest__isnull=False)
        .order_by("birth_latest", "pk")[int(row["person"])]
    )


def _steps(request: Any, row: dict[str, str], asked_at: datetime) -> None:
    actor = _answer(row["agency"])
    steps = row["steps"].split()
    for number, step in enumerate(steps, start=1):
        with clock.replaying(asked_at + timedelta(hours=2 * number)):
            _step(request, step, row, actor)


def _step(request: Any, step: str, row: dict[str, str], actor: User) -> None:
    if step == "deliver":
        aid.record_delivery(
            actor=actor,
            request=request,
            item=row["item"],
            quantity=row["quantity"],
            unit=row["unit"],
            households_reached=int(row["households_reached"] or 0),
            persons_reached=int(row["persons_reached"] or 0),
        )
    elif step == "decline":
        aid.decline(actor=actor, request=request, reason="No stock in the district this week")
    elif step == "hold":
        aid.hold(actor=actor, request=request, reason="The road is closed by a mudslide")
    else:
        getattr(aid, step)(actor=actor, request=request)


def make_reports(*, publisher: User, say: Say) -> None:
    """The reports of the first mornings; all but the last are published."""
    for day in (5, 6, 7, 8):
        with clock.replaying(at(day, 6, 1)):
            report = make_report(as_of=at(day, 6))
        if day < 8:
            with clock.replaying(at(day, 8)):
                publish_report(actor=publisher, report=report)
    say(f"  {SituationReport.objects.count()} situation reports")
