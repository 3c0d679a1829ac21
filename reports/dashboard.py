"""The first page of the staff site: figures of now that this user may see, and where they lead.

A fixed number of queries, whatever the size of the operation: one for each app that is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Operation
from accounts.policies import Permission, access_of
from aid.models import AidRequest
from common import clock
from intake.duplicates import queue_figures
from intake.duplicates.precision import Share
from intake.models import Household, Person
from reception.models import Placement, Site
from reports.models import SituationReport

P = Permission
NEARLY_FULL = 0.9


@dataclass(frozen=True)
class Tile:
    """One figure: what it is, its value, a second line, where it leads, whether it is alarming."""

    label: str
    value: int | str
    note: str = ""
    address: str | None = None
    alarming: bool = False


@dataclass(frozen=True)
class Bar:
    """The households registered in one hour; `share` is its height in percent."""

    hour: int
    count: int
    share: int


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add `tiles`, `hours` and `as_of` to the context of the first page."""
    now = clock.now()
    operation = Operation.objects.order_by("recorded_at").first()
    zone = operation.zone if operation else ZoneInfo("UTC")
    tiles = [tile for section in SECTIONS for tile in section(request.user, now, zone)]
    hours = registrations_by_hour(request.user, now, zone)
    return {
        **context,
        "operation": operation,
        "as_of": now.astimezone(zone),
        "tiles": tiles,
        "hours": hours,
        "registered_today": sum(bar.count for bar in hours),
    }


def _people(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    if not access_of(user).can(P.HOUSEHOLDS_READ):
        return []
    counted = Person.objects.visible_to(user).counted(now)
    still = Q(left_at__isnull=True) | Q(left_at__gt=now)
    figures = counted.aggregate(
        present=Count("pk", filter=still),
        recent=Count("pk", filter=Q(arrived_at__gt=now - timedelta(hours=24))),
    )
    households = _address("admin:intake_household_changelist")
    return [
        Tile(_("People present"), figures["present"], address=households),
        Tile(_("Arrivals in the last 24 hours"), figures["recent"], address=households),
    ]


def _waiting(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    """Households with nobody's place held. Only for who sees placements everywhere.

    Whoever sees one site only does not see that a household has its place at another.
    """
    access = access_of(user)
    if not access.can(P.HOUSEHOLDS_READ) or not access.scopes(P.PLACEMENTS_READ).everywhere:
        return []
    placed = Placement.objects.open().values("household_id")
    waiting = (
        Person.objects.visible_to(user)
        .in_count()
        .filter(arrived_at__lte=now)
        .exclude(household__in=placed)
        .aggregate(households=Count("household", distinct=True), since=Min("arrived_at"))
    )
    address = _address("admin:reception_waiting") if access.can(P.PLACEMENTS_WRITE) else None
    note = ""
    if waiting["since"]:
        note = _("Longest: %(time)s") % {"time": how_long(now - waiting["since"])}
    return [
        Tile(
            _("Households waiting for a place"),
            waiting["households"],
            note,
            address or _address("admin:reception_placement_changelist"),
            alarming=bool(waiting["since"] and now - waiting["since"] > timedelta(hours=24)),
        )
    ]


def _sites(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    if not access_of(user).can(P.SITES_READ):
        return []
    usable = F("capacity") + F("overflow") - F("blocked")
    taken = F("reserved") + F("present")
    figures = (
        Site.objects.visible_to(user)
        .for_refugees()
        .open()
        .aggregate(
            free=Sum(usable - taken),
            sites=Count("pk"),
            full=Count("pk", filter=Q(capacity__gt=0) & Q(present__gte=usable * NEARLY_FULL)),
        )
    )
    address = _address("admin:reception_site_changelist")
    open_sites = ngettext("%(count)d open site", "%(count)d open sites", figures["sites"])
    return [
        Tile(
            _("Places free"),
            figures["free"] or 0,
            open_sites % {"count": figures["sites"]},
            address,
        ),
        Tile(
            _("Sites over 90 %% full") % (),
            figures["full"],
            address=address,
            alarming=bool(figures["full"]),
        ),
    ]


def _requests(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    if not access_of(user).can(P.AID_READ):
        return []
    visible = AidRequest.objects.visible_to(user)
    figures = visible.open().aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(pk__in=visible.overdue(now).values("pk"))),
    )
    address = _address("admin:aid_aidrequest_changelist")
    return [
        Tile(_("Requests open"), figures["open"], address=address),
        Tile(
            _("Requests overdue"),
            figures["overdue"],
            address=address,
            alarming=bool(figures["overdue"]),
        ),
    ]


def _duplicates(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    """How many wait, and how good what the queue offers is. Only for who decides."""
    if not access_of(user).can(P.DUPLICATES_DECIDE):
        return []
    figures = queue_figures(user, now)
    address = _address("admin:intake_duplicatepair_changelist")
    ages = _("%(day)d today, %(week)d this week, %(older)d older") % {
        "day": figures.waiting_day,
        "week": figures.waiting_week,
        "older": figures.waiting_older,
    }
    return [
        Tile(
            _("Possible duplicates to decide"),
            figures.waiting,
            ages,
            address,
            alarming=bool(figures.waiting_older),
        ),
        Tile(
            _("Offered and the same, last 30 days"),
            _share(figures.recent),
            _("%(same)d of %(decided)d; since the start %(share)s; undone: %(undone)d")
            % {
                "same": figures.recent.same,
                "decided": figures.recent.decided,
                "share": _share(figures.ever),
                "undone": figures.ever.undone,
            },
            address,
        ),
    ]


def _share(share: Share) -> str:
    return "–" if share.percent is None else f"{share.percent} %"


def _report(user: Any, now: datetime, zone: ZoneInfo) -> list[Tile]:
    access = access_of(user)
    if not access.can(P.REPORTS_READ) and not access.can(P.REPORTS_READ_PUBLIC):
        return []
    latest = SituationReport.objects.visible_to(user).order_by("-number", "-revision").first()
    if latest is None:
        return [Tile(_("Latest situation report"), "–", _("None has been made yet"))]
    moment = date_format(latest.as_of.astimezone(zone), "DATETIME_FORMAT")
    return [
        Tile(
            _("Latest situation report"),
            latest.number,
            f"{moment} · {latest.get_status_display()}",
            _address("reports:page", "latest"),
        )
    ]


SECTIONS: list[Callable[[Any, datetime, ZoneInfo], list[Tile]]] = [
    _people,
    _waiting,
    _sites,
    _requests,
    _duplicates,
    _report,
]


def registrations_by_hour(user: Any, now: datetime, zone: ZoneInfo) -> list[Bar]:
    """Households registered in each hour of today, of those the user may see; empty for others."""
    if not access_of(user).can(P.HOUSEHOLDS_READ):
        return []
    local = now.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Household.objects.visible_to(user)
        .filter(recorded_at__gte=midnight, recorded_at__lte=now)
        .annotate(hour=TruncHour("recorded_at", tzinfo=zone))
        .values("hour")
        .annotate(count=Count("pk"))
        .order_by("hour")
    )
    counts = {row["hour"].hour: row["count"] for row in rows}
    most = max(counts.values(), default=0)
    return [
        Bar(hour, counts.get(hour, 0), round(100 * counts.get(hour, 0) / most) if most else 0)
        for hour in range(local.hour + 1)
    ]


def how_long(duration: timedelta) -> str:
    """A duration as people say it: minutes, hours, or days."""
    minutes = int(duration.total_seconds() // 60)
    if minutes < 60:
        return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d day", "%(count)d days", hours // 24) % {"count": hours // 24}


def _address(name: str, *arguments: str | Promise) -> str | None:
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return None
