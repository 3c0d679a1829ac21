"""How the keys by which people are found stand, for administrators. Nobody's data is shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from intake.admin.pages import page
from intake.duplicates.weights import weight_rows
from intake.keys import made_with, several_secrets
from intake.models import DuplicateSweep, Household, KeyCount, KeyRebuild

_NIGHTS = 7


@admin.register(KeyRebuild)
class KeyRebuildAdmin(PolicyModelAdmin):
    """One page: keys made anew, the count of names, the nights, and the weights."""

    view_policy = Permission.CODELISTS_MANAGE
    records_access = False

    def visible_to(self, request: HttpRequest) -> QuerySet[KeyRebuild]:
        """All: they hold counts only."""
        return KeyRebuild.objects.all()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """How far each background work is, and what agreements are worth, with their sources."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        households = Household.objects.filter(merged_into__isnull=True).count()
        rebuild = KeyRebuild.objects.filter(made_with=made_with()).first()
        with timezone.override(Operation.current().zone):
            response = page(
                self,
                request,
                "search_keys",
                _("Search keys and weights"),
                made_with=made_with(),
                rebuild=rebuild,
                percent=_percent(rebuild.done, rebuild.total) if rebuild else 0,
                several=several_secrets(),
                count=KeyCount.objects.order_by("-counted_at").first(),
                nights=[
                    (night, _percent(night.done, households))
                    for night in DuplicateSweep.objects.order_by("-night")[:_NIGHTS]
                ],
                households=households,
                weights=weight_rows(),
            )
            return response.render() if hasattr(response, "render") else response

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The same page: there is nothing to say of one alone."""
        return self.changelist_view(request)


def _percent(done: int, total: int) -> int:
    return min(100, 100 * done // total) if total else 100
