"""A report in one edition and one language, as page, PDF, workbook or data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Operation
from reports.choices import Edition
from reports.models import SituationReport


@dataclass(frozen=True)
class Document:
    """What is to be printed."""

    report: SituationReport
    edition: str
    language: str


def document_figures(document: Document) -> dict[str, Any]:
    """The frozen figures of the edition, with number, cut-off and period: the API's shape."""
    report = document.report
    public = document.edition == Edition.PUBLIC
    figures = report.public_figures if public else report.figures
    zone = Operation.current().zone
    return {
        "number": report.number,
        "revision": report.revision,
        "status": report.status,
        "edition": document.edition,
        "as_of": report.as_of.astimezone(zone).isoformat(),
        "period": {
            "start": report.period_start.astimezone(zone).isoformat(),
            "end": report.period_end.astimezone(zone).isoformat(),
        },
        "highlights": report.highlights.splitlines(),
        "notes": report.notes,
        **figures,
    }


def document_meta(document: Document) -> dict[str, Any]:
    """What surrounds the figures on paper."""
    operation = Operation.current()
    report = document.report
    return {
        "operation_name": operation.name,
        "number": report.number,
        "as_of": report.as_of.isoformat(),
        "timezone": operation.time_zone,
        "period": {
            "start": report.period_start.isoformat(),
            "end": report.period_end.isoformat(),
        },
        "next_report_at": (report.as_of + timedelta(days=1)).isoformat(),
        "edition": document.edition,
        "status": report.status,
        "exercise": bool(settings.CLOCK_SHIFT_DAYS),
        "narrative": {"highlights": report.highlights.splitlines(), "notes": report.notes},
        "prepared_by": "",
    }


def document_title(document: Document) -> str:
    """One line: the operation, the number and the day."""
    operation = Operation.current()
    with translation.override(document.language):
        return _("%(operation)s: situation report No. %(number)s (as of %(day)s)") % {
            "operation": operation.name,
            "number": document.report.number,
            "day": document.report.as_of.astimezone(operation.zone).strftime("%Y-%m-%d %H:%M"),
        }


def document_pdf(document: Document) -> bytes:
    """The PDF."""
    from reports.rendering import render_pdf

    return render_pdf(
        document_figures(document), document_meta(document), language=document.language
    )


def document_xlsx(document: Document) -> bytes:
    """The workbook."""
    from reports.rendering import render_xlsx

    return render_xlsx(
        document_figures(document), document_meta(document), language=document.language
    )


def document_context(document: Document, urls: dict[str, str]) -> dict[str, Any]:
    """What the web page needs."""
    from reports.rendering import report_context

    return report_context(
        document_figures(document),
        document_meta(document),
        language=document.language,
        urls=urls,
    )
