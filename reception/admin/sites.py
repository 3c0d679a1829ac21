"""Sites: what they can take and why, who is due and who is there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from accounts.policies import Permission, access_of
from common.admin import PolicyModelAdmin, add_domain_error, button, holds
from common.errors import DomainError
from reception import services
from reception.admin.shown import address, occupancy_bar
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
class SiteAdmin(PolicyModelAdmin):
    """Safe locations."""

    view_policy = Permission.SITES_READ
    add_policy = Permission.SITES_EDIT
    change_policy = Permission.SITES_EDIT
    records_access = False
    list_display = ("name", "occupancy", "status", "type", "area", "code")
    list_filter = ("status", "type")
    list_select_related = ("area",)
    search_fields = ("code", "name")
    search_help_text = _("Name or code")
    ordering = ("code",)
    autocomplete_fields: tuple[str, ...] = ()
    inlines = (ResourceInline,)
    readonly_fields = ("occupancy", "explained")
    fieldsets = (
        (None, {"fields": ("occupancy", "explained")}),
        (_("Site"), {"fields": ("code", "name", "type", "status", "area", "address")}),
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
        (_("Location"), {"fields": ("latitude", "longitude", "hidden")}),
    )
    # The people of the day come first, then the form.
    change_form_outer_before_template = "reception/admin/site_people.html"

    class Media:
        css = {"all": ("reception/reception.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The code stays once it is given: others point to it."""
        return (*self.readonly_fields, "code") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new site has no occupancy to show."""
        return self.fieldsets if obj else self.fieldsets[1:]

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

    # Saving ------------------------------------------------------------------------------
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Save through the services; what they refuse is shown in the form, nothing is saved."""
        try:
            return self._super_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            # The transaction of the page was rolled back. Show the same input with the refusal.
            request._refusal = error  # type: ignore[attr-defined]
            return self._super_view(request, object_id, form_url, extra_context)

    def _super_view(self, request: HttpRequest, *arguments: Any) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, *arguments)
        return response

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form; with a refusal of the services it is invalid and says why."""
        form_class: Any = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "_refusal", None)
        if refusal is None:
            return form_class

        def clean(form: Any) -> Any:
            cleaned = form_class.clean(form)
            add_domain_error(form, refusal)
            return cleaned

        return type("RefusedForm", (form_class,), {"clean": clean})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """A new site is made here; a change waits for the measurements (`save_related`)."""
        if not change:
            fields = {name: form.cleaned_data[name] for name in form.fields if name != "code"}
            made = services.create_site(actor=request.user, code=obj.code, **fields)
            obj.pk, obj._state.adding = made.pk, False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Measurements first, then the site, so that the capacity follows from both."""
        super().save_related(request, form, formsets, change)
        changes = {name: form.cleaned_data[name] for name in form.changed_data} if change else {}
        services.edit_site(
            actor=request.user, site=Site.objects.get(pk=form.instance.pk), **changes
        )

    # People ------------------------------------------------------------------------------
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add who is due and who is there, for those who may read placements here."""
        site = kwargs.get("obj")
        if site is not None and may_at(request.user, Permission.PLACEMENTS_READ, site):
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

    @button(
        _("Grant overflow"), policy=Permission.CAPACITY_OVERRIDE, form=OverflowForm, icon="add_home"
    )
    def grant_overflow(self, request: HttpRequest, site: Site, data: dict[str, Any]) -> Any:
        """Let the site take more than its capacity, with a reason."""
        services.grant_overflow(actor=request.user, site=site, **data)
        return _("The overflow is granted.")
