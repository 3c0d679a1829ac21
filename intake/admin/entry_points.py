"""Entry points: how they stand, who was seen crossing, and informal crossings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.policies import Permission, can
from common import clock
from common.admin import PolicyModelAdmin, button
from common.errors import DomainError
from intake.admin import counting
from intake.admin.pages import page
from intake.border import SEXES, Crossing, reconciliation, registered_in
from intake.choices import EntryPointStatus
from intake.forms_border import (
    SEX_LABELS,
    EntryPointForm,
    InformalCrossingForm,
    OpenForm,
    RestrictForm,
    add_problems,
)
from intake.models import Area, EntryPoint
from intake.querysets_border import reports_at
from intake.services.entry_points import (
    add_informal_crossing,
    change_entry_point_status,
    record_first_state,
)

P = Permission
REPORTERS = (P.ENTRY_POINTS_REPORT, P.ENTRY_POINTS_EDIT)
SHOWN = 30
S = EntryPointStatus


def areas() -> QuerySet[Area]:
    """Districts to choose from, as on the registration form."""
    districts = Area.objects.filter(level=2, disabled_on__isnull=True)
    return districts.select_related("parent").order_by("label")


@admin.register(EntryPoint)
class EntryPointAdmin(PolicyModelAdmin):
    """Where people cross. Never deleted: arrivals point to them."""

    records_access = False
    view_policy = P.ENTRY_POINTS_READ
    add_policy = P.ENTRY_POINTS_EDIT
    change_policy = P.ENTRY_POINTS_EDIT
    form = EntryPointForm
    change_form_before_template = "intake/desk/entry_point.html"
    list_before_template = "intake/desk/entry_points_links.html"
    list_display = ("code", "name", "kind", "status", "status_reason", "status_since", "area")
    list_filter = ("kind", "status")
    search_fields = ("code", "name", "aliases")
    list_select_related = ("area",)
    raw_id_fields = ("area", "opposite_area")
    fieldsets = (
        (None, {"fields": ("code", "name", "kind", "status", "status_reason")}),
        (None, {"fields": ("area", "opposite_area", "latitude", "longitude", "aliases")}),
    )

    def get_urls(self) -> list[Any]:
        """Counting people, adding an informal crossing, who is not yet registered."""
        wrap = self.admin_site.admin_view
        name = "intake_entrypoint"
        return [
            path("informal/", wrap(self.informal_view), name=f"{name}_informal"),
            path("not-yet-registered/", wrap(self.gap_view), name="intake_not_yet_registered"),
            path("<uuid:pk>/count/", wrap(self.count_view), name=f"{name}_count"),
            path("<uuid:pk>/count/<uuid:corrects>/", wrap(self.count_view), name=f"{name}_correct"),
            *super().get_urls(),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The state of one that is set up changes by the buttons, which keep its history."""
        return ("status", "status_reason") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new one begins its history with the state it was set up in."""
        super().save_model(request, obj, form, change)
        if not change:
            record_first_state(obj, actor=request.user)

    # The state -----------------------------------------------------------------------------
    def shown_buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """Only for those who report at this entry point."""
        if obj is None or not obj.pk or not reports_at(request.user, obj.code):
            return []
        return super().shown_buttons(request, obj)

    def _change(self, request: HttpRequest, point: EntryPoint, status: str, data: Any) -> str:
        change_entry_point_status(actor=request.user, entry_point=point, status=status, **data)
        return _("%(name)s: %(status)s.") % {
            "name": point.name,
            "status": S(point.status).label,
        }

    @button(gettext_lazy("Record: it opened"), policy=REPORTERS, form=OpenForm, icon="lock_open")
    def opened(self, request: HttpRequest, point: EntryPoint, data: dict[str, Any]) -> str:
        """It lets people through from a time on."""
        return self._change(request, point, S.OPEN, data)

    @button(gettext_lazy("Record: restricted"), policy=REPORTERS, form=RestrictForm, icon="rule")
    def restricted(self, request: HttpRequest, point: EntryPoint, data: dict[str, Any]) -> str:
        """It lets some through, or at some hours."""
        return self._change(request, point, S.RESTRICTED, data)

    @button(
        gettext_lazy("Record: it closed"),
        policy=REPORTERS,
        form=RestrictForm,
        icon="block",
        danger=True,
    )
    def closed(self, request: HttpRequest, point: EntryPoint, data: dict[str, Any]) -> str:
        """It lets nobody through. Who crosses all the same is registered as everywhere."""
        return self._change(request, point, S.CLOSED, data)

    # Pages ---------------------------------------------------------------------------------
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The entry point with its history and counts below."""
        below = {**(extra_context or {}), **self._below(request, object_id)}
        return super().change_view(  # type: ignore[no-any-return]
            request, object_id, form_url, below
        )

    def _below(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        point = self.get_object(request, object_id) if self.has_view_permission(request) else None
        if point is None:
            return {}
        counts = point.counts.visible_to(request.user)
        rows = list(counts.order_by("-began_at", "-recorded_at")[:SHOWN])
        registered = registered_in(counts.standing(), clock.now()) if rows else {}
        return {
            "point": point,
            "history": point.status_changes.visible_to(request.user).latest_first()[:SHOWN],
            "counts": [(row, registered.get(row.pk, 0)) for row in rows],
            "may_report": reports_at(request.user, point.code),
        }

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with the way to the pages beside it."""
        links = {"may_add_informal": any(can(request.user, each) for each in REPORTERS)}
        return super().changelist_view(request, {**(extra_context or {}), **links})

    def count_view(self, request: HttpRequest, pk: Any, corrects: Any = None) -> HttpResponse:
        """Enter or correct a count."""
        point = self.get_queryset(request).filter(pk=pk).first()
        if point is None or not self.has_view_permission(request):
            raise Http404
        if not reports_at(request.user, point.code):
            raise PermissionDenied
        return counting.count_page(self, request, point, corrects)

    def gap_view(self, request: HttpRequest) -> HttpResponse:
        """People seen crossing who are not yet registered."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = reconciliation(clock.now())
        return page(
            self,
            request,
            "not_yet_registered",
            _("Seen and not yet registered"),
            found=found,
            rows=self._gap_rows(request, found.crossings),
        )

    def _gap_rows(self, request: HttpRequest, crossings: list[Crossing]) -> list[dict[str, Any]]:
        keys = dict(self.get_queryset(request).values_list("code", "pk"))
        return [
            {
                "crossing": row,
                "pk": keys.get(row.code),
                "may_report": reports_at(request.user, row.code),
                "sexes": [
                    (SEX_LABELS[sex], row.not_yet_by_sex[sex])
                    for sex in SEXES
                    if row.not_yet_by_sex[sex]
                ],
            }
            for row in sorted(crossings, key=lambda each: -each.not_yet_registered)
        ]

    def informal_view(self, request: HttpRequest) -> HttpResponse:
        """Add a place where people cross, in half a minute."""
        if not any(can(request.user, each) for each in REPORTERS):
            raise PermissionDenied
        form = InformalCrossingForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                made = add_informal_crossing(actor=request.user, **form.cleaned_data)
            except DomainError as error:
                add_problems(form, error)
            else:
                messages.success(request, _("%(name)s is in the list.") % {"name": made.name})
                return HttpResponseRedirect(
                    reverse("admin:intake_entrypoint_change", args=[made.pk])
                )
        return page(
            self,
            request,
            "informal_crossing",
            _("Add an informal crossing"),
            status=422 if form.errors else 200,
            form=form,
            areas=areas(),
        )
