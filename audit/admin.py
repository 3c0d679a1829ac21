"""Pages of the auditor: what happened and who looked at what. Read only for everybody."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.policies import Permission
from audit.models import AccessRecord, Event
from common.admin import PolicyModelAdmin


class AuditAdmin(PolicyModelAdmin):
    """Newest first; nobody adds, changes or deletes here. Looking is itself recorded."""

    view_policy = Permission.AUDIT_READ
    ordering = ("-pk",)
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything."""
        return [field.name for field in self.model._meta.fields]


@admin.register(Event)
class EventAdmin(AuditAdmin):
    """Events: references, codes and numbers only."""

    list_display = ("recorded_at", "kind", "subject_reference", "actor", "agency_code")
    list_select_related = ("actor",)
    list_filter = ("kind", "agency_code")
    search_fields = ("subject_reference",)


@admin.register(AccessRecord)
class AccessRecordAdmin(AuditAdmin):
    """Who looked at or searched what, and at how many records."""

    list_display = ("at", "user", "action", "subject_type", "subject_reference", "count")
    list_select_related = ("user",)
    list_filter = ("action", "subject_type")
    search_fields = ("subject_reference", "user__username")
