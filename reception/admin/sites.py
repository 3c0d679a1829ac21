"""Sites: what they can take and why, who is due and who is there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from accounts.policies import Permission, access_of
from common.admin import PolicyModelAdmin, button, holds
from reception import services
from reception.admin import history
from reception.admin.boards import BoardPages
from reception.admin.head_counts import head_count_line
from reception.admin.mapping import map_settings, points_for
from reception.admin.refusals import RefusalsInForm
from reception.admin.shown import address, capacity_lines, occupancy_bar, small_map
from reception.admin.site_form import LANGUAGE_FIELDS, SiteForm
from reception.admin.site_parts import things_of
from reception.admin.transports import transports_at
from reception.capacity import explain_capacity
from reception.choices import PRESENT_STATUSES, RESERVED_STATUSES
from reception.models import Placement, Site, SiteResource
from reception.policies import may_at

ROWS_SHOWN = 200
ROWS_UNFOLDED = 20


class ResourceInline(TabularInline):
    """What was measured; whoever may change the site may change it."""

    model = SiteResource
    fields = ("kind", "quantity", "measured_on")
    extra = 0
    hide_title = True

    def _may_edit(self, request: HttpRequest, site: Site | None) -> bool:
        if site is None:
            return holds(request.user, Permission.SITES_EDIT)
        return may_at(request.user, Permission.SITES_EDIT, site)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the site."""
        return holds(request.user, Permission.SITES_READ)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the site."""
        return self._may_edit(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the site."""
        return self._may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change the site: a measurement found wrong is taken away."""
        return self._may_edit(request, obj)


class OverflowForm(forms.Form):
    """How many places above the capacity, why, until when."""

    places = forms.IntegerField(
        label=_("Places above the capacity"),
        min_value=0,
        help_text=_("Replaces an earlier grant; 0 takes it back."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=200)
    until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("Afterwards places that become free above the capacity are gone."),
    )


@admin.register(Site)
class SiteAdmin(RefusalsInForm, BoardPages, PolicyModelAdmin):
    """Safe locations."""

    view_policy = Permission.SITES_READ
    add_policy = Permission.SITES_EDIT
    change_policy = Permission.SITES_EDIT
    records_access = False
    form = SiteForm
    list_display = ("local_name", "occupancy", "status", "type", "area", "code")
    list_filter = ("status", "type")
    list_select_related = ("area",)
    search_fields = ("code", "name", "names")
    search_help_text = _("Name or code")
    ordering = ("code",)
    autocomplete_fields: tuple[str, ...] = ()
    inlines = (ResourceInline,)
    readonly_fields = ("occupancy", "explained", "lines", "on_map")
    fieldsets = (
        (None, {"fields": ("occupancy", "explained", "lines")}),
        (
            _("Site"),
            {
                "fields": (
                    *("code", "name", "type", "status", "area", "address", "receives_always"),
                )
            },
        ),
        (
            _("Names in other languages"),
            {"fields": tuple(LANGUAGE_FIELDS), "classes": ("collapse",)},
        ),
        (
            _("Capacity"),
            {
                "fields": (
                    *("norm_phase", "operational_capacity", "operational_reason"),
                    *("blocked", "blocked_reason"),
                )
            },
        ),
        (
            _("What it offers"),
            {
                "fields": (
                    *("accessible", "women_only_section", "interim_care", "cold_rated"),
                    *("health_minutes", "border_km"),
                )
            },
        ),
        (_("Location"), {"fields": ("on_map", "latitude", "longitude", "hidden")}),
    )
    # The people of the day come first, then the form.
    change_form_outer_before_template = "reception/admin/site_people.html"
    change_form_outer_after_template = "reception/admin/site_things.html"
    list_before_template = "reception/admin/site_list_links.html"

    class Media:
        css = {
            "all": (
                "reception/reception.css",
                "reception/leaflet/leaflet.css",
                "reception/sites.css",
                "reception/head_counts.css",
            )
        }
        js = ("reception/leaflet/leaflet.js", "reception/map.js")

    def get_urls(self) -> list[URLPattern]:
        """Also the map of the sites, and the history of one."""
        wrap = self.admin_site.admin_view
        return [
            path("map/", wrap(self.map_view), name="reception_map"),
            path("<uuid:site_id>/past/", wrap(self.past), name="reception_site_past"),
            *super().get_urls(),
        ]

    def past(self, request: HttpRequest, site_id: Any) -> HttpResponse:
        """Who was here at a moment, and when it was over."""
        return history.site_history(self, request, site_id)

    def map_view(self, request: HttpRequest) -> HttpResponse:
        """Sites and entry points on a map and in a list that says the same."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        points = points_for(request.user)
        titles = (("site", _("Sites")), ("entry_point", _("Entry points")))
        return TemplateResponse(
            request,
            "reception/admin/map.html",
            {
                **self.admin_site.each_context(request),
                "title": _("Map of sites and entry points"),
                "media": forms.Media(css={"all": ("reception/reception.css",)}),
                "points": points,
                "groups": [
                    {"title": title, "points": [each for each in points if each["kind"] == kind]}
                    for kind, title in titles
                ],
                "how": map_settings(),
            },
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code stays once it is given: others point to it."""
        return (*self.readonly_fields, "code") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new site has no occupancy to show; names by language are for those who may change."""
        shown = self.fieldsets if obj else self.fieldsets[1:]
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [each for each in shown if may or each[1]["fields"] != tuple(LANGUAGE_FIELDS)]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change sites everywhere; the manager of one site makes no other."""
        return access_of(request.user).scopes(Permission.SITES_EDIT).everywhere

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """At this very site."""
        allowed = super().has_change_permission(request, obj)
        if not allowed or obj is None:
            return allowed
        return may_at(request.user, Permission.SITES_EDIT, obj)

    @admin.display(description=_("Occupancy"))
    def occupancy(self, site: Site) -> SafeString:
        """Text and bar."""
        return occupancy_bar(site)

    @admin.display(description=_("Why this capacity"))
    def explained(self, site: Site) -> SafeString:
        """The explanation in sentences."""
        told = explain_capacity(site).sentences()
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in told))

    @admin.display(description=_("What was measured"))
    def lines(self, site: Site) -> SafeString:
        """Each line with the persons it serves, its norm and edition; the shortest first."""
        return capacity_lines(site)

    @admin.display(description=_("On the map"))
    def on_map(self, site: Site) -> SafeString:
        """A small map; set by a click where the form may be changed."""
        return small_map(site)

    # Saving ------------------------------------------------------------------------------
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new site is made here; a change waits for the measurements (`save_related`)."""
        if not change:
            fields = {name: form.cleaned_data[name] for name in (*form.plain_fields(), "names")}
            fields.pop("code")
            made = services.create_site(actor=request.user, code=obj.code, **fields)
            obj.pk, obj._state.adding = made.pk, False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Measurements first, then the site, so that the capacity follows from both."""
        super().save_related(request, form, formsets, change)
        changes = {}
        if change:
            changed = [name for name in form.plain_fields() if name in form.changed_data]
            changes = {name: form.cleaned_data[name] for name in changed}
            if form.cleaned_data["names"] != Site.objects.get(pk=form.instance.pk).names:
                changes["names"] = form.cleaned_data["names"]
        services.edit_site(
            actor=request.user, site=Site.objects.get(pk=form.instance.pk), **changes
        )

    # People ------------------------------------------------------------------------------
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add who is due and who is there, for those who may read placements here."""
        site = kwargs.get("obj")
        if site is not None and site.pk:
            context["things"] = things_of(site, request.user)
        context["map_how"] = map_settings()
        if site is not None and may_at(request.user, Permission.PLACEMENTS_READ, site):
            context["head_count"] = head_count_line(request.user, site)
            may_write = may_at(request.user, Permission.PLACEMENTS_WRITE, site)
            context["journeys"] = transports_at(request.user, site)
            context["scan"] = address("reception_check_in", site.code) if may_write else ""
            context["people"] = [
                self._people(_("Due"), site, RESERVED_STATUSES, "check_in" if may_write else ""),
                self._people(
                    _("Present"), site, PRESENT_STATUSES, "check_out" if may_write else ""
                ),
            ]
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _people(self, title: Any, site: Site, statuses: Any, step: str) -> dict[str, Any]:
        held = Placement.objects.filter(site=site, status__in=statuses)
        held = held.select_related("household").order_by("reserved_until", "pk")
        rows = list(held[: ROWS_SHOWN + 1])
        return {
            "title": title,
            "more": len(rows) > ROWS_SHOWN,
            "unfolded": statuses == RESERVED_STATUSES or len(rows) <= ROWS_UNFOLDED,
            "ends": step == "check_out",
            "rows": [
                {
                    "placement": placement,
                    "page": address("reception_placement_change", placement.pk),
                    "press": address(f"reception_placement_{step}", placement.pk) if step else "",
                    "label": _("Check in") if step == "check_in" else _("Check out"),
                }
                for placement in rows[:ROWS_SHOWN]
            ],
        }

    @button(_("History"), policy=Permission.SITES_READ, icon="history")
    def to_history(self, request: HttpRequest, site: Site) -> Any:
        """Who was here, and when it was over: on a page of its own."""
        return redirect(address("reception_site_past", site.pk))

    @button(
        _("Grant overflow"), policy=Permission.CAPACITY_OVERRIDE, form=OverflowForm, icon="add_home"
    )
    def grant_overflow(self, request: HttpRequest, site: Site, data: dict[str, Any]) -> Any:
        """Let the site take more than its capacity, with a reason."""
        services.grant_overflow(actor=request.user, site=site, **data)
        return _("The overflow is granted.")
