"""Pages of the auditor: the history of one record, found by its key or reference."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib.admin.options import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.access import record_access
from audit.history import Kept, Step, history_of, kept, may_read, related

# The first word of what the database was told, for people.
HOW = {
    "request": gettext_lazy("on a page or by a program"),
    "task": gettext_lazy("by the server in the background"),
    "command": gettext_lazy("by a command on the server"),
    "": gettext_lazy("not told, as when somebody works in the database itself"),
}


class FindForm(forms.Form):
    """Which record: its kind, and its key or reference."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of record"))
    text = forms.CharField(
        label=gettext_lazy("Reference or key"),
        max_length=60,
        help_text=gettext_lazy(
            "The reference on the slip, or the key as events and links have it."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Write the reference or the key.")},
    )
    key: uuid.UUID | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(label, table.model._meta.verbose_name) for label, table in kept().items()]
        kind: Any = self.fields["kind"]
        kind.choices = choices
        self.initial.setdefault("kind", "intake.household")

    def clean(self) -> dict[str, Any]:
        """Find the record."""
        data = super().clean() or {}
        if data.get("kind") and data.get("text"):
            self.key = kept()[data["kind"]].find(data["text"].strip())
            if self.key is None:
                self.add_error(
                    "text", _("No such record: check the kind, and the reference or key.")
                )
        return data


def urls(model_admin: ModelAdmin[Any]) -> list[URLPattern]:
    """The two pages, below the page of events."""

    def guarded(view: Any) -> Any:
        def page(request: HttpRequest, **arguments: Any) -> HttpResponse:
            if not may_read(request.user):
                raise PermissionDenied
            found: HttpResponse = view(model_admin, request, **arguments)
            return found

        return model_admin.admin_site.admin_view(page)

    return [
        path("record/", guarded(find_page), name="audit_history_find"),
        path("record/<str:label>/<uuid:key>/", guarded(record_page), name="audit_history"),
    ]


def address(label: str, key: uuid.UUID) -> str | None:
    """Where the history of a record is read; None where none is kept."""
    return reverse("admin:audit_history", args=[label, key]) if label in kept() else None


def find_page(model_admin: ModelAdmin[Any], request: HttpRequest) -> HttpResponse:
    """Ask which record. By POST: what was looked for stands in no address."""
    form = FindForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and form.key is not None:
        return redirect("admin:audit_history", form.cleaned_data["kind"], form.key)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": _("History of a record"),
        "form": form,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "audit/history_find.html", context, status=status)


def record_page(
    model_admin: ModelAdmin[Any], request: HttpRequest, label: str, key: uuid.UUID
) -> HttpResponse:
    """When, by whom, and which columns; values only of columns that say nothing of a person."""
    table = kept().get(label)
    if table is None:
        raise Http404
    row = table.model._base_manager.filter(pk=key).first()
    steps = history_of(user=request.user, label=label, key=key)
    if row is None and not steps:
        raise Http404
    record_access(request.user, "history", table.model(pk=key) if row is None else row)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.model._meta,
        "title": _("History of a record"),
        "kind": table.model._meta.verbose_name,
        "reference": getattr(row, "reference", ""),
        "key": key,
        "first_at": getattr(row, "recorded_at", None),
        "gone": row is None,
        "steps": [(step, _how(step)) for step in steps],
        "related": _links(related(user=request.user, label=label, key=key)),
    }
    return TemplateResponse(request, "audit/history.html", context)


def _how(step: Step) -> Any:
    return HOW.get(step.how.partition(" ")[0], step.how)


def _links(rows: list[tuple[str, Any]]) -> list[tuple[Any, str, str | None]]:
    tables: dict[str, Kept] = kept()
    return [
        (tables[label].model._meta.verbose_name, str(row.pk), address(label, row.pk))
        for label, row in rows
    ]
