"""Pages of the auditor: what happened and who looked at what. Read only for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from audit import history_pages
from audit.models import AccessRecord, Event
from common.admin import PolicyModelAdmin


class AuditAdmin(PolicyModelAdmin):
    """Newest first; nobody adds, changes or deletes here. Looking is itself recorded."""

    view_policy = Permission.AUDIT_READ
    ordering = ("-pk",)
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything, and the way to the history of what it is about."""
        return [*(field.name for field in self.model._meta.fields), "history"]

    @admin.display(description=_("History of the record"))
    def history(self, row: Any) -> str:
        """A link, where a history is kept."""
        found = row.subject_id and history_pages.address(row.subject_type, row.subject_id)
        if not found:
            return "—"
        return format_html(
            '<a class="text-primary-600 underline" href="{}">{}</a>', found, _("Show")
        )


@admin.register(Event)
class EventAdmin(AuditAdmin):
    """Events: references, codes and numbers only."""

    list_display = ("recorded_at", "kind", "subject_reference", "actor", "agency_code")
    list_select_related = ("actor",)
    list_filter = ("kind", "agency_code")
    search_fields = ("subject_reference",)

    def get_urls(self) -> list[URLPattern]:
        """Also: the history of one record."""
        return [*history_pages.urls(self), *super().get_urls()]


@admin.register(AccessRecord)
class AccessRecordAdmin(AuditAdmin):
    """Who looked at or searched what, and at how many records."""

    list_display = ("at", "user", "action", "subject_type", "subject_reference", "count")
    list_select_related = ("user",)
    list_filter = ("action", "subject_type")
    search_fields = ("subject_reference", "user__username")
