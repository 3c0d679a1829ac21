"""Who reads which edition of a report."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from accounts.policies import Permission, can
from reports.choices import Edition, ReportStatus
from reports.models import SituationReport


def edition_for(user: Any, asked: str = "") -> str:
    """The edition a reader gets: staff the internal one unless they ask, others the public one."""
    if can(user, Permission.REPORTS_READ) and asked != Edition.PUBLIC:
        return Edition.INTERNAL
    return Edition.PUBLIC


def find_report(user: Any, key: str) -> SituationReport:
    """The report `latest` or by number in its newest revision; Http404 when not visible."""
    reports = SituationReport.objects.visible_to(user).exclude(status=ReportStatus.SUPERSEDED)
    if key == "latest":
        found = reports.order_by("-as_of", "-revision").first()
        return found if found is not None else get_object_or_404(reports.none())
    return get_object_or_404(reports, number=int(key))
