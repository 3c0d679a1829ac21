"""The queue of the protection officers: what waits for a decision by a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Operation
from accounts.policies import Permission, can
from audit.access import record_access
from common import clock
from common.admin import PolicyModelAdmin
from intake.admin import needs
from intake.admin.pages import page
from intake.births import age_bracket
from intake.choices import NeedStatus
from intake.models import Household, SpecificNeed
from intake.needs import REVIEW_CODE

ROWS_SHOWN = 50
WAITING = (NeedStatus.PENDING_REVIEW, NeedStatus.SUGGESTED)


@admin.register(SpecificNeed)
class ProtectionReviewAdmin(PolicyModelAdmin):
    """Reviews and suggestions of the officer's tiers, oldest first, without names."""

    view_policy = Permission.NEEDS_TIER_2

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """What waits; reviews before suggestions."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(status__in=WAITING, person__left_at__isnull=True)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue; a form of it confirms or closes one row."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request)
        rows = self.get_queryset(request).select_related("type", "person__household")
        ordered = Paginator(rows.order_by("status", "recorded_at", "id"), ROWS_SHOWN)
        shown = ordered.get_page(request.GET.get("page"))
        record_access(request.user, "list", SpecificNeed, count=len(shown.object_list))
        operation = Operation.current()
        today = clock.today(operation.zone)
        for row in shown:
            person = row.person
            row.age = age_bracket(person.birth_earliest, person.birth_latest, today)
        with timezone.override(operation.zone):
            response = page(
                self,
                request,
                "reviews",
                _("Protection review"),
                shown=shown,
                may_edit=can(request.user, Permission.HOUSEHOLDS_EDIT),
                offered=needs.offered_types(request.user),
                dismissing=[(each.value, each.label) for each in needs.DISMISSING],
                review_code=REVIEW_CODE,
            )
            return response.render() if hasattr(response, "render") else response

    def _decide(self, request: HttpRequest) -> HttpResponse:
        household = Household.objects.visible_to(request.user).filter(
            pk__in=self.get_queryset(request)
            .filter(pk=_key(request.POST.get("need")))
            .values("person__household")
        )
        found = household.first()
        if found is None or request.POST.get("act") not in ("confirm", "close"):
            raise Http404
        needs.act(request, found)
        return HttpResponseRedirect(request.get_full_path())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """There is no page of one need: it is on the page of the household."""
        raise Http404

    add_view = change_view


def _key(text: str | None) -> Any:
    from django import forms

    try:
        return forms.UUIDField().clean(text)
    except forms.ValidationError:
        raise Http404 from None
