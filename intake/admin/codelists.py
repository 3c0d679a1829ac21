"""Code lists: shown to those who manage them; changed by loading their versioned files only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from intake.models import Area, Country, DocumentType, Language, SpecificNeedType


class CodeListAdmin(PolicyModelAdmin):
    """Read only."""

    view_policy = Permission.CODELISTS_MANAGE
    records_access = False
    list_display: tuple[str, ...] = ("code", "label", "disabled_on")
    search_fields = ("code", "label")
    ordering = ("code",)

    def visible_to(self, request: HttpRequest) -> QuerySet[Any]:
        """All entries: the lists are public."""
        entries: QuerySet[Any] = self.model._default_manager.all()
        return entries


@admin.register(Area)
class AreaAdmin(CodeListAdmin):
    """Areas by P-code."""

    list_display = ("code", "label", "country_code", "level", "disabled_on")
    list_filter = ("country_code", "level")


@admin.register(SpecificNeedType)
class SpecificNeedTypeAdmin(CodeListAdmin):
    """Specific needs with their tiers."""

    list_display = ("code", "label", "category", "tier", "legacy", "disabled_on")
    list_filter = ("tier", "legacy")


admin.site.register([Country, Language, DocumentType], CodeListAdmin)
