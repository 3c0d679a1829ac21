"""Imports: upload a spreadsheet, see what was refused and why, take the rows away to correct."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.policies import Permission, can
from audit.access import record_access
from common.admin import PolicyModelAdmin
from common.errors import DomainError
from intake.admin.pages import page
from intake.choices import ImportStatus
from intake.duplicates.finding import offered_pairs
from intake.imports import describe_problems, import_spreadsheet, refused_rows_file
from intake.imports.reading import MAX_BYTES
from intake.imports.refused import known_columns
from intake.imports.rows import REQUIRED_COLUMNS
from intake.models import ImportBatch, ImportRow

ROWS_SHOWN = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UploadForm(forms.Form):
    """One file."""

    file = forms.FileField(
        label=gettext_lazy("Spreadsheet"),
        help_text=gettext_lazy("CSV or Excel workbook (.xlsx), up to 20 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xls,.ods"}),
        error_messages={
            "required": gettext_lazy("Choose a file."),
            "empty": gettext_lazy("The file is empty."),
        },
    )

    def clean_file(self) -> Any:
        """Not too large."""
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is too large. Send it in several parts."))
        return file


@admin.register(ImportBatch)
class ImportBatchAdmin(PolicyModelAdmin):
    """What was imported. The refused rows hold names: opening them is recorded."""

    view_policy = Permission.HOUSEHOLDS_IMPORT
    add_policy = Permission.HOUSEHOLDS_IMPORT
    list_display = (
        "filename",
        "status",
        "rows",
        "persons",
        "households_count",
        "refused",
        "imported_by",
        "recorded_at",
    )
    list_filter = ("status",)
    list_select_related = ("imported_by",)
    ordering = ("-recorded_at",)
    show_full_result_count = False

    def get_urls(self) -> list[Any]:
        """The file of refused rows."""
        return [
            path(
                "<uuid:pk>/refused.<str:kind>",
                self.admin_site.admin_view(self.refused_view),
                name="intake_importbatch_refused",
            ),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Upload a file and import it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                batch = import_spreadsheet(
                    actor=request.user, filename=file.name, content=file.read()
                )
            except DomainError as error:
                form.add_error("file", str(error.message))
            else:
                self._say(request, batch)
                url = reverse("admin:intake_importbatch_change", args=[batch.pk])
                return HttpResponseRedirect(url)
        return page(
            self,
            request,
            "import_upload",
            _("Import a spreadsheet"),
            status=422 if form.errors else 200,
            form=form,
            columns=known_columns(),
            required=REQUIRED_COLUMNS,
        )

    def _say(self, request: HttpRequest, batch: ImportBatch) -> None:
        text = ngettext(
            "%(persons)d of %(rows)d row is registered.",
            "%(persons)d of %(rows)d rows are registered.",
            batch.rows,
        ) % {"persons": batch.persons, "rows": batch.rows}
        messages.success(request, text)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """How far it is, and the rows that were refused."""
        batch = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if batch is None:
            raise Http404
        refused = batch.refused_rows.select_related("corrected_in").order_by("number")
        shown = Paginator(refused, ROWS_SHOWN).get_page(request.GET.get("page"))
        if len(shown.object_list):
            record_access(request.user, "read", batch, count=len(shown.object_list))
        handled = batch.persons + batch.refused
        return page(
            self,
            request,
            "import_batch",
            batch.filename,
            batch=batch,
            done=batch.status == ImportStatus.DONE,
            percent=100 * handled // batch.rows if batch.rows else 0,
            shown=shown,
            rows=[_shown(row) for row in shown],
            offered=offered_pairs(batch, request.user) if batch.households_count else 0,
            may_decide=can(request.user, Permission.DUPLICATES_DECIDE),
            left=refused.filter(corrected_in__isnull=True).count(),
        )

    def refused_view(self, request: HttpRequest, pk: Any, kind: str) -> HttpResponse:
        """Download the refused rows."""
        batch = self.get_queryset(request).filter(pk=pk).first()
        if batch is None or kind not in ("xlsx", "csv") or not self.has_view_permission(request):
            raise Http404
        content = refused_rows_file(batch, user=request.user, kind=kind)
        kinds = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8"}
        response = HttpResponse(content, content_type=kinds[kind])
        response["Content-Disposition"] = f'attachment; filename="refused-rows.{kind}"'
        return response


def _shown(row: ImportRow) -> dict[str, Any]:
    header, cells = row.values["header"], row.values["cells"]
    return {
        "row": row,
        "problems": describe_problems(row),
        "cells": [
            (title, cell) for title, cell in zip(header, cells, strict=False) if cell and title
        ],
    }
