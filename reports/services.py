"""Making, revising and publishing situation reports."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.events import record_event
from common import clock
from common.errors import InvalidState, NotPermitted
from reports import selectors
from reports.choices import ReportStatus
from reports.disclosure import public_edition
from reports.mailing import queue_mailings
from reports.models import SituationReport

# After a longer silence only these many missed mornings are made up for.
CATCH_UP = 7
# One maker at a time: two schedulers that wake together must not number a report twice.
_LOCK = 0x50414E41


def cut_off_on(operation: Operation, day: date) -> datetime:
    """The instant of the cut-off on a local day."""
    return datetime.combine(day, operation.cut_off, tzinfo=operation.zone)


def last_cut_off(operation: Operation, now: datetime) -> datetime:
    """The latest cut-off that has passed."""
    today = now.astimezone(operation.zone).date()
    moment = cut_off_on(operation, today)
    return moment if moment <= now else cut_off_on(operation, today - timedelta(days=1))


def _serialise_makers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


@transaction.atomic
def make_report(*, as_of: datetime | None = None, actor: Any = None) -> SituationReport:
    """Freeze the figures at a cut-off (by default the last one) as a draft.

    Made once per cut-off: a second call returns the report that is there.
    """
    operation = Operation.current()
    as_of = as_of or last_cut_off(operation, clock.now())
    _serialise_makers()
    existing = SituationReport.objects.filter(as_of=as_of, revision=0).first()
    if existing:
        return existing
    earlier = SituationReport.objects.filter(as_of__lt=as_of).order_by("-as_of", "-revision")
    since = getattr(earlier.first(), "as_of", None) or as_of - timedelta(days=1)
    number = SituationReport.objects.aggregate(n=Max("number"))["n"] or 0
    report = _freeze(operation, as_of=as_of, since=since, number=number + 1)
    record_event("situation_report.made", report, actor=actor, number=report.number)
    queue_mailings(report)
    return report


def _freeze(
    operation: Operation, *, as_of: datetime, since: datetime, number: int, revision: int = 0
) -> SituationReport:
    moment = selectors.Moment(as_of=as_of, zone=operation.zone)
    figures = selectors.figures(moment, since)
    published = SituationReport.objects.filter(status=ReportStatus.PUBLISHED, as_of__lt=as_of)
    before = published.order_by("-as_of", "-revision").first()
    return SituationReport.objects.create(
        number=number,
        revision=revision,
        as_of=as_of,
        period_start=since,
        period_end=as_of,
        figures=figures,
        public_figures=public_edition(figures, before.public_figures if before else None),
    )


@transaction.atomic
def revise_report(*, actor: Any, report: SituationReport) -> SituationReport:
    """Freeze the figures of the same cut-off again as the next revision; the old one stays."""
    _require_publisher(actor)
    _serialise_makers()
    report = SituationReport.objects.select_for_update().get(pk=report.pk)
    if report.status == ReportStatus.SUPERSEDED:
        raise InvalidState("superseded", _("A newer revision of this report exists: revise that."))
    report.status = ReportStatus.SUPERSEDED
    report.save(update_fields=["status"])
    revised = _freeze(
        Operation.current(),
        as_of=report.as_of,
        since=report.period_start,
        number=report.number,
        revision=report.revision + 1,
    )
    record_event("situation_report.made", revised, actor=actor, number=revised.number)
    return revised


@transaction.atomic
def publish_report(*, actor: Any, report: SituationReport) -> SituationReport:
    """Publish a draft: the public edition becomes visible and goes to the list."""
    _require_publisher(actor)
    report = SituationReport.objects.select_for_update().get(pk=report.pk)
    if report.status != ReportStatus.DRAFT:
        raise InvalidState("not_a_draft", _("Only a draft can be published."))
    report.status = ReportStatus.PUBLISHED
    report.published_at = clock.now()
    report.published_by = actor
    report.save(update_fields=["status", "published_at", "published_by"])
    record_event("situation_report.published", report, actor=actor, number=report.number)
    queue_mailings(report)
    return report


def _require_publisher(actor: Any) -> None:
    if not can(actor, Permission.REPORTS_PUBLISH):
        raise NotPermitted("not_permitted", _("Only a reporting officer publishes reports."))


def make_due_reports() -> list[SituationReport]:
    """Make the report of every cut-off that has passed without one, oldest first.

    Looks back `CATCH_UP` days (power fails for days), and not before the first report or, when
    there is none yet, the last cut-off.
    """
    operation = Operation.objects.order_by("recorded_at").first()
    if operation is None:
        return []
    last = last_cut_off(operation, clock.now())
    latest = SituationReport.objects.aggregate(at=Max("as_of"))["at"]
    day = last.astimezone(operation.zone).date()
    days = [day - timedelta(days=back) for back in range(CATCH_UP - 1, -1, -1)]
    due = [cut_off_on(operation, each) for each in days]
    first = latest if latest is not None else last - timedelta(seconds=1)
    return [make_report(as_of=as_of) for as_of in due if first < as_of <= last]
