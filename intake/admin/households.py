"""Households: list with search, the registration form, the household's page and its slip."""

from __future__ import annotations

from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission
from common.admin import PolicyModelAdmin
from intake import slots
from intake.admin import areas, drafts, known
from intake.admin.detail import household_page
from intake.admin.groups import add_group_page
from intake.admin.registration import birth_preview, registration_page
from intake.admin.search import search_page
from intake.admin.sections import page_addresses
from intake.admin.tokens import scan_page
from intake.choices import HouseholdStatus
from intake.models import Arrival, EntryPoint, Household, Person
from intake.searching import find_households
from intake.templatetags.desk import latin


class EntryPointFilter(admin.SimpleListFilter):
    """By the entry point of an arrival."""

    title = _("entry point")
    parameter_name = "entry_point"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Entry points the user may see."""
        points = EntryPoint.objects.visible_to(request.user).order_by("name")
        return list(points.values_list("code", "name"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Households that arrived there."""
        if not self.value():
            return queryset
        there = Arrival.objects.filter(entry_point__code=self.value())
        return queryset.filter(pk__in=there.values("household"))


@admin.register(Household)
class HouseholdAdmin(PolicyModelAdmin):
    """Registered on one form; read on one page. Names are shown to who may read households."""

    view_policy = Permission.HOUSEHOLDS_READ
    add_policy = Permission.HOUSEHOLDS_REGISTER
    list_display = (
        "reference",
        "people",
        "focal_point",
        "arrived",
        "entry_point",
        "site",
        "status_label",
    )
    list_filter = (EntryPointFilter, "status", "level")
    list_before_template = "intake/desk/list_buttons.html"
    list_per_page = 50
    # Names must stand in no address: the list's own field posts to the search (list_buttons.html).
    # A link with `?q=` still answers.
    searched_by_post = True
    search_fields = ("reference",)
    search_help_text = _("Reference, token of the slip, or a name in any script")
    show_full_result_count = False
    ordering = ("-recorded_at",)

    def get_urls(self) -> list[Any]:
        """The preview of births, areas, drafts, and the pages that belong to a household."""
        wrap = self.admin_site.admin_view
        return [
            path("births/preview/", wrap(birth_preview), name="intake_household_birth_preview"),
            *areas.addresses(self),
            *known.addresses(self),
            *drafts.addresses(self),
            path("search/", wrap(partial(search_page, self)), name="intake_search"),
            path("scan/", wrap(partial(scan_page, self)), name="intake_scan"),
            path(
                "add-group/",
                wrap(partial(add_group_page, self)),
                name="intake_household_add_group",
            ),
            *page_addresses(self),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Visible households with what the list shows, in a fixed number of queries."""
        focal = (
            Person.objects.in_count()
            .order_by("-is_focal_point", "position")
            .select_related("identity")
        )
        households: QuerySet[Any] = super().get_queryset(request)
        # Subqueries, not joins: they are worked out for the rows of the page only.
        present = Person.objects.in_count().filter(household=OuterRef("pk"))
        counted = present.order_by().values("household").annotate(n=Count("pk")).values("n")
        first = Arrival.objects.filter(household=OuterRef("pk")).order_by("occurred_at")
        return households.annotate(  # type: ignore[no-any-return]
            zone=Value(Operation.current().time_zone),
            size=Coalesce(Subquery(counted), 0),
            first_arrival=Subquery(first.values("occurred_at")[:1]),
            arrived_through=Subquery(first.values("entry_point__name")[:1]),
        ).prefetch_related(Prefetch("members", queryset=focal, to_attr="present_members"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By reference or token exactly, otherwise by name through keyed hashes."""
        if not search_term.strip():
            return queryset, False
        return find_households(queryset, search_term, user=request.user), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list with the site of each household; that names were shown is recorded."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            rows = list(changelist.result_list)
            sites = slots.site_names([row.pk for row in rows], request.user)
            for row in rows:
                row.site_name = sites.get(row.pk, "")
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The registration form."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return drafts.answer_to_script(request, registration_page(self, request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The household's page; opening it is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        household = self.get_object(request, object_id)
        if household is None:
            raise Http404
        return household_page(self, request, household)

    @admin.display(description=_("people"), ordering="size")
    def people(self, household: Any) -> int:
        """How many are in the count."""
        return int(household.size)

    @admin.display(description=_("focal point"))
    def focal_point(self, household: Any) -> str:
        """The name of the focal point, or of the first member, and how it is read."""
        members = household.present_members
        if not members:
            return "—"
        name = members[0].identity.open().name or str(_("Not yet named"))
        return format_html("<bdi>{}</bdi> {}", name, latin(name))

    @admin.display(description=_("arrived"), ordering="first_arrival")
    def arrived(self, household: Any) -> str:
        """Local time of the first arrival."""
        if household.first_arrival is None:
            return "—"
        local = household.first_arrival.astimezone(ZoneInfo(household.zone))
        return format_html('<bdi dir="ltr">{}</bdi>', f"{local:%Y-%m-%d %H:%M}")

    @admin.display(description=_("entry point"))
    def entry_point(self, household: Any) -> str:
        """Where they crossed."""
        return household.arrived_through or "—"

    @admin.display(description=_("site"))
    def site(self, household: Any) -> str:
        """Where they stay, as reception knows it."""
        return getattr(household, "site_name", "") or "—"

    @admin.display(description=_("status"), ordering="status")
    def status_label(self, household: Any) -> str:
        """Active, closed, or registered twice."""
        if household.merged_into_id:
            return str(_("Registered twice"))
        return str(HouseholdStatus(household.status).label)
