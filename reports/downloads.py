"""A report as a file: which formats there are and how each is served."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from reports.documents import (
    Document,
    document_context,
    document_figures,
    document_pdf,
    document_xlsx,
)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def report_urls(document: Document) -> dict[str, str]:
    """Where the other formats of this report are."""
    number = document.report.number
    query = f"?edition={document.edition}&language={document.language}"
    return {
        extension: reverse("reports:file", kwargs={"key": number, "extension": extension}) + query
        for extension in ("pdf", "xlsx", "json")
    }


def page(document: Document) -> str:
    """The web page, standing on its own."""
    with translation.override(document.language):
        return render_to_string(
            "reports/report.html", {"report": document_context(document, report_urls(document))}
        )


def _json(document: Document) -> bytes:
    return json.dumps(document_figures(document), ensure_ascii=False, indent=1).encode()


FORMATS: dict[str, tuple[str, Callable[[Document], bytes | str]]] = {
    "pdf": ("application/pdf", document_pdf),
    "xlsx": (XLSX, document_xlsx),
    "html": ("text/html", page),
    "json": ("application/json", _json),
}


def download(document: Document, extension: str) -> HttpResponse:
    """The response that serves the file; Http404 for an unknown format or language."""
    if extension not in FORMATS or document.language not in dict(settings.LANGUAGES):
        raise Http404
    content_type, render = FORMATS[extension]
    response = HttpResponse(render(document), content_type=content_type)
    if extension != "html":
        name = f"situation-report-{document.report.number}-{document.edition}.{extension}"
        response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
