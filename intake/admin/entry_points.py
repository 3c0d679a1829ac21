"""Entry points."""

from __future__ import annotations

from django.contrib import admin

from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from intake.models import EntryPoint


@admin.register(EntryPoint)
class EntryPointAdmin(PolicyModelAdmin):
    """Where people cross; changed by the administrator. Never deleted: arrivals point to them."""

    records_access = False
    view_policy = Permission.ENTRY_POINTS_READ
    add_policy = Permission.ENTRY_POINTS_EDIT
    change_policy = Permission.ENTRY_POINTS_EDIT
    list_display = ("code", "name", "kind", "status", "area")
    list_filter = ("kind", "status")
    search_fields = ("code", "name", "aliases")
    list_select_related = ("area",)
    raw_id_fields = ("area", "opposite_area")
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "status", "status_reason")}),
        (None, {"fields": ("area", "opposite_area", "latitude", "longitude", "aliases")}),
    )
