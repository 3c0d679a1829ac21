"""Making, revising, publishing and mailing situation reports."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db import connection, connections

from accounts.choices import Role
from accounts.models import Operation, User
from audit.models import Event
from common import clock
from common.errors import InvalidState, NotPermitted
from reports import mailing, services
from reports.choices import Edition, ReportStatus
from reports.models import ReportMailing, ReportRecipient, SituationReport
from tests.factories import accounts as make
from tests.reports import people

ZONE = ZoneInfo("Asia/Dushanbe")
MORNING = datetime(2021, 7, 8, 6, 0, tzinfo=ZONE)


@pytest.fixture
def officer(operation: Operation) -> User:
    """A reporting officer."""
    return make.make_user(Role.REPORTING_OFFICER, username="officer")


def test_the_scheduler_makes_the_report_once_at_the_cut_off(operation: Operation) -> None:
    with clock.replaying(MORNING - timedelta(hours=1)):
        assert [r.as_of for r in services.make_due_reports()] == [MORNING - timedelta(days=1)]
        assert services.make_due_reports() == []
    with clock.replaying(MORNING + timedelta(minutes=1)):
        assert [r.as_of for r in services.make_due_reports()] == [MORNING]
        assert services.make_due_reports() == []


def test_mornings_missed_in_a_power_cut_are_made_up_for_in_order(operation: Operation) -> None:
    with clock.replaying(MORNING):
        services.make_due_reports()
    with clock.replaying(MORNING + timedelta(days=3, hours=2)):
        made = services.make_due_reports()
    assert [r.number for r in made] == [2, 3, 4]
    assert [r.period_start for r in made] == [MORNING + timedelta(days=d) for d in (0, 1, 2)]


def test_a_silence_of_weeks_is_not_made_up_for_day_by_day(operation: Operation) -> None:
    with clock.replaying(MORNING):
        services.make_due_reports()
    with clock.replaying(MORNING + timedelta(days=40)):
        made = services.make_due_reports()
    assert len(made) == services.CATCH_UP
    assert made[0].period_start == MORNING


def test_without_an_operation_nothing_is_made(db: None) -> None:
    assert services.make_due_reports() == []


def test_the_cut_off_follows_the_operations_hour_and_zone(operation: Operation) -> None:
    now = datetime(2021, 7, 8, 0, 59, tzinfo=ZoneInfo("UTC"))
    assert services.last_cut_off(operation, now) == MORNING - timedelta(days=1)
    assert services.last_cut_off(operation, now + timedelta(minutes=1)) == MORNING


def test_figures_stay_frozen_when_the_records_change(alice: User) -> None:
    people.person(people.household(alice, MORNING - timedelta(hours=3)))
    report = services.make_report(as_of=MORNING)
    people.person(people.household(alice, MORNING - timedelta(hours=2)))
    again = services.make_report(as_of=MORNING)
    assert again.pk == report.pk
    assert again.figures["key_figures"]["arrivals_total"] == 1


def test_a_correction_is_a_revision_and_the_old_figures_stay(alice: User, officer: User) -> None:
    report = services.make_report(as_of=MORNING)
    people.person(people.household(alice, MORNING - timedelta(hours=2)))
    revised = services.revise_report(actor=officer, report=report)
    report.refresh_from_db()
    assert (revised.number, revised.revision, revised.as_of) == (report.number, 1, MORNING)
    assert revised.figures["key_figures"]["arrivals_total"] == 1
    assert report.figures["key_figures"]["arrivals_total"] == 0
    assert report.status == ReportStatus.SUPERSEDED
    with pytest.raises(InvalidState):
        services.revise_report(actor=officer, report=report)


def test_only_a_reporting_officer_publishes(alice: User, officer: User) -> None:
    report = services.make_report(as_of=MORNING)
    with pytest.raises(NotPermitted):
        services.publish_report(actor=alice, report=report)
    report.refresh_from_db()
    assert report.status == ReportStatus.DRAFT
    services.publish_report(actor=officer, report=report)
    with pytest.raises(InvalidState):
        services.publish_report(actor=officer, report=report)


def test_events_are_written_for_made_and_published(officer: User) -> None:
    report = services.make_report(as_of=MORNING)
    services.publish_report(actor=officer, report=report)
    kinds = Event.objects.filter(subject_id=report.pk).order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["situation_report.made", "situation_report.published"]


def recipient(edition: str, language: str = "en") -> ReportRecipient:
    """Someone on the list."""
    return ReportRecipient.objects.create(
        email=f"{edition}@example.org", language=language, edition=edition
    )


def test_the_internal_list_gets_the_draft_and_the_public_list_what_is_published(
    officer: User,
) -> None:
    recipient(Edition.INTERNAL)
    recipient(Edition.PUBLIC, "fa-af")
    report = services.make_report(as_of=MORNING)
    assert mailing.send_waiting() == 1
    assert mail.outbox[0].to == ["internal@example.org"]
    services.publish_report(actor=officer, report=report)
    assert mailing.send_waiting() == 1
    assert mail.outbox[1].to == ["public@example.org"]
    name, content, kind = mail.outbox[1].attachments[0]
    assert (name, kind) == ("situation-report-1.pdf", "application/pdf")
    assert bytes(content).startswith(b"%PDF")  # type: ignore[arg-type]
    assert mailing.send_waiting() == 0


def test_a_mail_server_that_is_away_is_tried_again_later(
    operation: Operation, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipient(Edition.INTERNAL)
    services.make_report(as_of=MORNING)

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionRefusedError("someone@example.org")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMultiAlternatives.send", refuse)
        assert mailing.send_waiting() == 0
    waiting = ReportMailing.objects.get()
    assert waiting.error == "ConnectionRefusedError"
    assert mailing.send_waiting() == 0
    with clock.replaying(waiting.next_attempt_at + timedelta(seconds=1)):
        assert mailing.send_waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_that_wake_together_make_one_report() -> None:
    make.make_operation()

    def wake(_: int) -> None:
        try:
            with clock.replaying(MORNING + timedelta(minutes=1)):
                services.make_due_reports()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(wake, range(16)))
    connections.close_all()
    assert list(SituationReport.objects.values_list("number", "revision")) == [(1, 0)]
