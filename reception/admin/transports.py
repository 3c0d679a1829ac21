"""Transports on the staff site: the list, planning, and one page from loading to arrival."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Operation
from accounts.policies import Permission, access_of
from common.admin import PolicyModelAdmin, add_domain_error, holds
from common.errors import DomainError
from intake.models import EntryPoint
from reception.admin import transport_lists, transport_steps
from reception.admin.local_pages import local_page
from reception.choices import TransportStatus, VehicleKind
from reception.manifests import begins_at, other_end
from reception.models import Site, Transport
from reception.querysets import sites_q
from reception.services import transporting

WRITE = Permission.PLACEMENTS_WRITE


class OpenFilter(admin.SimpleListFilter):
    """Which transports one has to look at."""

    title = gettext_lazy("transports")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Two groups."""
        return [
            ("open", gettext_lazy("Not yet arrived")),
            ("missing", gettext_lazy("Somebody did not arrive")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The group."""
        if self.value() == "open":
            return queryset.open()
        if self.value() == "missing":
            return queryset.with_somebody_missing()
        return queryset


class PlanForm(forms.Form):
    """Where from, where to, when, and with what."""

    begins = forms.ChoiceField(label=gettext_lazy("From"))
    to_site = forms.ModelChoiceField(
        Site.objects.none(), label=gettext_lazy("To"), to_field_name="code"
    )
    planned_departure = forms.DateTimeField(
        label=gettext_lazy("Planned departure"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    vehicle = forms.ChoiceField(label=gettext_lazy("Vehicle"), choices=VehicleKind.choices)
    seats = forms.IntegerField(
        label=gettext_lazy("Seats for families"),
        min_value=1,
        max_value=transporting.MOST_SEATS,
        help_text=gettext_lazy("Without driver and escort."),
    )
    wheelchair_places = forms.IntegerField(
        label=gettext_lazy("Places for wheelchairs"),
        min_value=0,
        max_value=transporting.MOST_SEATS,
        initial=0,
    )
    contact = forms.CharField(
        label=gettext_lazy("Driver and escort"),
        required=False,
        max_length=transporting.LONGEST_NOTE,
        help_text=gettext_lazy("Names and phones. Kept sealed."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = Site.objects.filter(sites_q(user, WRITE)).order_by("name")
        scopes = access_of(user).scopes(WRITE)
        points = EntryPoint.objects.order_by("name")
        if not scopes.everywhere:
            points = points.filter(code__in=scopes.entry_points)
        self.sites = {f"site:{site.code}": site for site in sites}
        self.points = {f"point:{point.code}": point for point in points}
        begins: Any = self.fields["begins"]
        begins.choices = [
            ("", "---------"),
            (_("Sites"), [(key, site.name) for key, site in self.sites.items()]),
            (_("Entry points"), [(key, point.name) for key, point in self.points.items()]),
        ]
        to_site: Any = self.fields["to_site"]
        to_site.queryset = sites.open()

    def plan(self, actor: Any) -> Transport:
        """The transport as typed."""
        data = dict(self.cleaned_data)
        end = data.pop("begins")
        return transporting.plan_transport(
            actor=actor,
            from_site=self.sites.get(end),
            from_entry_point=self.points.get(end),
            **data,
        )


@admin.register(Transport)
class TransportAdmin(PolicyModelAdmin):
    """Journeys of vehicles with families. Changed by the buttons of their page only."""

    view_policy = Permission.PLACEMENTS_READ
    add_policy = WRITE
    list_display = ("reference", "planned_departure", "status", "on_list")
    list_filter = (OpenFilter, "status")
    list_select_related = ("from_site", "from_entry_point", "to_site")
    search_fields = ("reference",)
    search_help_text = gettext_lazy("Reference of the transport")
    ordering = ("-planned_departure", "-pk")

    class Media:
        css = {"all": ("reception/reception.css", "reception/transports.css")}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing is changed by a form of fields."""
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns; the names of places are those that this reader may know."""
        reader = request.user

        @admin.display(description=gettext_lazy("from"))
        def begins(transport: Transport) -> str:
            return begins_at(reader, transport)

        @admin.display(description=gettext_lazy("to"))
        def ends(transport: Transport) -> str:
            return other_end(reader, transport.to_site)

        return ("reference", begins, ends, "planned_departure", "status", "on_list")

    def get_urls(self) -> list[URLPattern]:
        """Also choosing families, and the printed list."""
        wrap = self.admin_site.admin_view
        return [
            path(
                "<uuid:transport_id>/families/",
                wrap(self._on(transport_lists.families)),
                name="reception_transport_families",
            ),
            path(
                "<uuid:transport_id>/list/",
                wrap(self._on(transport_lists.printed)),
                name="reception_transport_list",
            ),
            *super().get_urls(),
        ]

    def _on(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A page of one visible transport, for who may do something about transports."""

        def shown(request: HttpRequest, transport_id: Any) -> HttpResponse:
            if not holds(request.user, WRITE):
                raise PermissionDenied
            transport = self.get_queryset(request).filter(pk=transport_id).first()
            if transport is None:
                raise Http404
            return view(self, request, transport)

        return shown

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """The page of one transport: who travels, and what is to be done next."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        transport = self.get_object(request, object_id)
        if transport is None:
            raise Http404
        return transport_steps.transport_page(self, request, transport)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Plan one, then choose who travels."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        with timezone.override(Operation.current().zone):
            form = PlanForm(request.POST or None, user=request.user, initial=_asked(request))
            if request.method == "POST" and form.is_valid():
                try:
                    made = form.plan(request.user)
                except DomainError as error:
                    add_domain_error(form, error)
                else:
                    messages.success(
                        request,
                        _("%(transport)s is planned. Now choose who travels.")
                        % {"transport": made.reference},
                    )
                    return redirect("admin:reception_transport_families", made.pk)
        return local_page(
            self,
            request,
            "transport_plan",
            _("Plan a transport"),
            form=form,
            status=422 if form.errors else 200,
        )

    # What the list shows -----------------------------------------------------------------
    @admin.display(description=gettext_lazy("persons"))
    def on_list(self, transport: Transport) -> str:
        """Persons on the list, of the seats."""
        taken = transport.seats_taken + transport.wheelchairs_taken
        return f"{taken}/{transport.seats + transport.wheelchair_places}"


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for: a transport from a site."""
    code = request.GET.get("from", "")
    return {"begins": f"site:{code}"} if code else {}


def transports_at(user: Any, site: Site) -> list[dict[str, Any]]:
    """Transports that are to leave a site or come to it, for its page; the next first."""
    rows = (
        Transport.objects.visible_to(user)
        .filter(Q(from_site=site) | Q(to_site=site))
        .filter(
            Q(status__in=("planned", "loading", "departed"))
            | Q(pk__in=Transport.objects.with_somebody_missing().values("pk"))
        )
        .select_related("from_site", "from_entry_point", "to_site")
        .order_by("planned_departure", "pk")
    )
    return [
        {
            "transport": row,
            "out": row.from_site_id == site.pk,
            "other": other_end(user, row.to_site)
            if row.from_site_id == site.pk
            else begins_at(user, row),
            "persons": row.seats_taken + row.wheelchairs_taken,
            "missing": row.status == TransportStatus.ARRIVED,
        }
        for row in rows[:20]
    ]
