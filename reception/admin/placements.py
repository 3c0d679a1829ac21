"""Placements: the list, the steps of one, and the families that wait for a place."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.policies import Permission
from common.admin import PolicyModelAdmin, button
from common.errors import Text
from reception import services
from reception.admin import check_in as scanning
from reception.admin import choosing
from reception.admin import people as members
from reception.admin.shown import address
from reception.choices import (
    OPEN_STATUSES,
    PRESENT_STATUSES,
    RESERVED_STATUSES,
    AbsenceReason,
    PlacementStatus,
)
from reception.models import Placement, Site
from reception.querysets import sites_q

S = PlacementStatus
WRITE = Permission.PLACEMENTS_WRITE


def while_in(*statuses: str) -> Any:
    """Show a button while a placement is in one of these."""
    return lambda placement: placement.status in statuses


class SiteFilter(admin.SimpleListFilter):
    """Only sites that the reader may know of."""

    title = _("site")
    parameter_name = "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Code and name."""
        sites = Site.objects.filter(sites_q(request.user, Permission.PLACEMENTS_READ))
        return [(site.code, site.local_name) for site in sites.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Placements at the chosen one."""
        return queryset.filter(site__code=self.value()) if self.value() else queryset


class HeldFilter(admin.SimpleListFilter):
    """Whether places are held."""

    title = _("places")
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Three groups."""
        return [
            ("due", _("Due")),
            ("present", _("Present")),
            ("ended", _("Ended")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The group."""
        if self.value() == "due":
            return queryset.filter(status__in=RESERVED_STATUSES)
        if self.value() == "present":
            return queryset.filter(status__in=PRESENT_STATUSES)
        if self.value() == "ended":
            return queryset.exclude(status__in=OPEN_STATUSES)
        return queryset


class AbsenceForm(forms.Form):
    """Why the family is away."""

    reason = forms.ChoiceField(label=_("Reason"), choices=AbsenceReason.choices)


@admin.register(Placement)
class PlacementAdmin(PolicyModelAdmin):
    """Who has a place where. Changed by the buttons only."""

    view_policy = Permission.PLACEMENTS_READ
    list_display = ("household_reference", "site", "status", "places", "reserved_until", "since")
    list_filter = (HeldFilter, SiteFilter, "status")
    list_select_related = ("household", "site")
    search_fields = ("household__reference",)
    search_help_text = _("Reference of the household")
    ordering = ("-pk",)
    fields = (
        *("household_link", "site_link", "status", "places", "reserved_until", "checked_in_at"),
        *("ended_at", "absence_reason", "split_reason", "previous_link", "note"),
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("reception/reception.css",)}

    def get_queryset(self, request: HttpRequest) -> Any:
        """Visible placements with what the pages show of them."""
        rows = super().get_queryset(request)
        return rows.select_related("household", "site", "previous__site")

    def get_urls(self) -> list[URLPattern]:
        """Also the families that wait, and the choice of a site."""
        wrap = self.admin_site.admin_view
        return [
            path("waiting/", wrap(self.waiting), name="reception_waiting"),
            path("check-in/", wrap(self.check_in_choose), name="reception_check_in_choose"),
            path("check-in/<slug:code>/", wrap(self.check_in_page), name="reception_check_in"),
            path("waiting/<uuid:household_id>/", wrap(self.place), name="reception_place"),
            path(
                "<uuid:placement_id>/transfer/",
                wrap(self.transfer),
                name="reception_placement_transfer",
            ),
            path(
                "<uuid:placement_id>/people/",
                wrap(self.people),
                name="reception_placement_people",
            ),
            *super().get_urls(),
        ]

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """Families without a place, the longest waiting first."""
        return choosing.waiting(self, request)

    def place(self, request: HttpRequest, household_id: Any) -> HttpResponse:
        """Choose a site for a family."""
        return choosing.place(self, request, household_id)

    def check_in_choose(self, request: HttpRequest) -> HttpResponse:
        """At which site families are checked in."""
        return scanning.choose(self, request)

    def check_in_page(self, request: HttpRequest, code: str) -> HttpResponse:
        """Check in by the slip that a family shows."""
        return scanning.check_in(self, request, code)

    def transfer(self, request: HttpRequest, placement_id: Any) -> HttpResponse:
        """Choose another site for a family."""
        return choosing.transfer(self, request, placement_id)

    def people(self, request: HttpRequest, placement_id: Any) -> HttpResponse:
        """Its members, each by itself."""
        return members.people(self, request, placement_id)

    # What is shown -----------------------------------------------------------------------
    @admin.display(description=_("household"), ordering="household__reference")
    def household_reference(self, placement: Placement) -> str:
        """What people read aloud."""
        return placement.household.reference

    @admin.display(description=_("since"), ordering="checked_in_at")
    def since(self, placement: Placement) -> Any:
        """When the family came, or the place was given."""
        return placement.checked_in_at or placement.recorded_at

    @admin.display(description=_("household"))
    def household_link(self, placement: Placement) -> SafeString | str:
        """The household's page."""
        page = address("intake_household_change", placement.household_id)
        return _link(page, placement.household.reference)

    @admin.display(description=_("site"))
    def site_link(self, placement: Placement) -> SafeString | str:
        """The site's page."""
        return _link(address("reception_site_change", placement.site_id), placement.site.local_name)

    @admin.display(description=_("came from"))
    def previous_link(self, placement: Placement) -> SafeString | str:
        """Where the family was before; not where that site is hidden from most."""
        previous = placement.previous
        if previous is None or previous.site.hidden:
            return "–"
        return _link(address("reception_placement_change", previous.pk), previous.site.local_name)

    # Steps -------------------------------------------------------------------------------
    def _said(self, request: HttpRequest, placement: Placement, text: Text) -> Any:
        """The message; pressed on a site's page, people stay there."""
        if request.POST.get("back") != "site":
            return text
        self.message_user(request, f"{placement.household.reference}: {text}")
        return redirect(address("reception_site_change", placement.site_id))

    @button(_("Check in"), policy=WRITE, shown=while_in(S.RESERVED, S.CONFIRMED), icon="login")
    def check_in(self, request: HttpRequest, placement: Placement) -> Any:
        """The family has come."""
        services.check_in(actor=request.user, placement=placement)
        return self._said(request, placement, _("The family is checked in."))

    @button(_("Confirm"), policy=WRITE, shown=while_in(S.RESERVED), icon="event_available")
    def confirm(self, request: HttpRequest, placement: Placement) -> Any:
        """The family is on its way."""
        services.confirm(actor=request.user, placement=placement)
        return _("The place is kept until the family comes.")

    @button(
        _("Away for a while"),
        policy=WRITE,
        form=AbsenceForm,
        shown=while_in(S.CHECKED_IN),
        icon="directions_walk",
    )
    def absence(self, request: HttpRequest, placement: Placement, data: dict[str, Any]) -> Any:
        """The family is away; its places are kept."""
        services.record_absence(actor=request.user, placement=placement, reason=data["reason"])
        return _("The absence is recorded; the places are kept.")

    @button(_("Is back"), policy=WRITE, shown=while_in(S.ABSENT, S.TRANSFER_PENDING), icon="undo")
    def come_back(self, request: HttpRequest, placement: Placement) -> Any:
        """The family is back."""
        services.record_return(actor=request.user, placement=placement)
        return _("The family is back.")

    @button(
        _("To be transferred"), policy=WRITE, shown=while_in(S.CHECKED_IN), icon="schedule_send"
    )
    def announce_transfer(self, request: HttpRequest, placement: Placement) -> Any:
        """The family is to move."""
        services.announce_transfer(actor=request.user, placement=placement)
        return _("The family is marked for transfer; its places are kept.")

    @button(_("Members"), policy=WRITE, shown=while_in(*OPEN_STATUSES), icon="groups")
    def to_members(self, request: HttpRequest, placement: Placement) -> Any:
        """Part of the family: on its own page."""
        return redirect(address("reception_placement_people", placement.pk))

    @button(_("Move to another site"), policy=WRITE, shown=while_in(*OPEN_STATUSES), icon="move_up")
    def to_other_site(self, request: HttpRequest, placement: Placement) -> Any:
        """Choose the other site on its own page."""
        return redirect(address("reception_placement_transfer", placement.pk))

    @button(
        _("Check out"),
        policy=WRITE,
        shown=while_in(*PRESENT_STATUSES),
        icon="logout",
        danger=True,
    )
    def check_out(self, request: HttpRequest, placement: Placement) -> Any:
        """The family has left."""
        services.check_out(actor=request.user, placement=placement)
        return self._said(request, placement, _("The family is checked out; its places are free."))

    @button(_("Did not come"), policy=WRITE, shown=while_in(*RESERVED_STATUSES), icon="person_off")
    def no_show(self, request: HttpRequest, placement: Placement) -> Any:
        """Nobody came."""
        services.mark_no_show(actor=request.user, placement=placement)
        return _("The places are free again.")

    @button(
        _("Cancel"),
        policy=WRITE,
        shown=while_in(*RESERVED_STATUSES),
        icon="cancel",
        danger=True,
    )
    def cancel(self, request: HttpRequest, placement: Placement) -> Any:
        """The places are not needed."""
        services.cancel_placement(actor=request.user, placement=placement)
        return _("The placement is cancelled; its places are free.")


def _link(page: str, text: str) -> SafeString | str:
    return format_html('<a class="pl-link" href="{}">{}</a>', page, text) if page else text
