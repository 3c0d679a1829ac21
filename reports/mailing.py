"""Sending a report to the list, once to each, through a mail server that may be away."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from common import clock
from reports.choices import Edition, ReportStatus
from reports.documents import Document, document_pdf, document_title
from reports.models import ReportMailing, ReportRecipient, SituationReport

log = logging.getLogger(__name__)
# How long to wait after each failed attempt; the last one repeats.
RETRIES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
GIVE_UP_AFTER = 12


def queue_mailings(report: SituationReport) -> None:
    """Note whom this report goes to: the internal list at once, the public list when published."""
    public = report.status == ReportStatus.PUBLISHED
    recipients = ReportRecipient.objects.filter(
        is_active=True, edition=Edition.PUBLIC if public else Edition.INTERNAL
    )
    ReportMailing.objects.bulk_create(
        [
            ReportMailing(report=report, recipient=each, next_attempt_at=clock.now())
            for each in recipients
        ],
        ignore_conflicts=True,
    )


def send_waiting(limit: int = 200) -> int:
    """Send what is due; how many were sent.

    A mailing is claimed by moving its next attempt ahead, in a short transaction; the mail goes
    out after that commit. A worker killed in between leaves it to be tried again later.
    """
    sent = 0
    for _turn in range(limit):
        mailing = _claim_next()
        if mailing is None:
            break
        sent += _send(mailing)
    return sent


@transaction.atomic
def _claim_next() -> ReportMailing | None:
    mailing = (
        ReportMailing.objects.filter(
            sent_at__isnull=True, attempts__lt=GIVE_UP_AFTER, next_attempt_at__lte=clock.now()
        )
        .select_related("report", "recipient")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("next_attempt_at")
        .first()
    )
    if mailing is not None:
        wait = RETRIES[min(mailing.attempts, len(RETRIES) - 1)]
        mailing.next_attempt_at = clock.now() + wait
        mailing.attempts += 1
        mailing.save(update_fields=["next_attempt_at", "attempts"])
    return mailing


def _send(mailing: ReportMailing) -> int:
    try:
        message_for(mailing).send()
    except Exception as error:
        mailing.error = type(error).__name__[:100]
        log.warning("report mailing %s failed: %s", mailing.pk, mailing.error)
    else:
        mailing.sent_at = clock.now()
        mailing.error = ""
    mailing.save(update_fields=["sent_at", "error"])
    return 1 if mailing.sent_at else 0


def message_for(mailing: ReportMailing) -> EmailMultiAlternatives:
    """The mail: a few lines in the recipient's language, and the report as PDF."""
    recipient, report = mailing.recipient, mailing.report
    document = Document(report=report, edition=recipient.edition, language=recipient.language)
    with translation.override(recipient.language):
        title = document_title(document)
        link = f"{settings.BASE_URL}/reports/{report.number}/"
        lines = [
            title,
            _("The report is attached. With an account you can also read it here:"),
            link,
        ]
        message = EmailMultiAlternatives(
            subject=title, body="\n\n".join(lines), to=[recipient.email]
        )
        message.attach(
            f"situation-report-{report.number}.pdf", document_pdf(document), "application/pdf"
        )
    return message
