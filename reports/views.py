"""The report in the browser, for staff and agencies that are signed in."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.policies import Permission, can
from reports.documents import Document
from reports.downloads import download
from reports.policies import edition_for, find_report


@login_required
@require_safe
def report_file(request: HttpRequest, key: str, extension: str = "html") -> HttpResponse:
    """One report (`latest` or a number) in the edition and language of the reader."""
    user = request.user
    if not (can(user, Permission.REPORTS_READ) or can(user, Permission.REPORTS_READ_PUBLIC)):
        raise PermissionDenied
    document = Document(
        report=find_report(user, key),
        edition=edition_for(user, request.GET.get("edition", "")),
        language=request.GET.get("language", "") or request.LANGUAGE_CODE,
    )
    return download(document, extension)
