"""Persons without their names."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.models import Operation
from accounts.policies import Permission, can
from common import clock
from common.admin import PolicyModelAdmin
from intake.births import age_bracket
from intake.choices import ExitReason
from intake.models import Person


def household_link(household: Any) -> str:
    """A link to the household, by its reference."""
    url = reverse("admin:intake_household_change", args=[household.pk])
    return format_html('<a href="{}">{}</a>', url, household.reference)


class ExitReasonFilter(admin.SimpleListFilter):
    """By why somebody left; separations for the role of the sealed record only."""

    title = _("reason")
    parameter_name = "exit_reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The reasons the user may know of."""
        hidden = () if can(request.user, Permission.SCREENING) else (ExitReason.SEPARATED,)
        return [(each.value, each.label) for each in ExitReason if each not in hidden]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Persons who left for the reason that was chosen."""
        return queryset.filter(exit_reason=self.value()) if self.value() else queryset


@admin.register(Person)
class PersonAdmin(PolicyModelAdmin):
    """Read only and pseudonymous; names are on the household's page, where reading is recorded."""

    view_policy = Permission.HOUSEHOLDS_READ
    list_display = (
        "short_id",
        "household_reference",
        "sex",
        "bracket",
        "arrived_at",
        "exit_reason",
    )
    list_filter = ("sex", ExitReasonFilter, "legal_status")
    list_select_related = ("household",)
    search_fields = ("household__reference__exact",)
    search_help_text = _("Reference of the household")
    show_full_result_count = False
    fields = (
        "household_reference",
        "relationship",
        "is_focal_point",
        "pre_registered",
        "sex",
        "birth_earliest",
        "birth_latest",
        "birth_precision",
        "nationality",
        "marital_status",
        "legal_status",
        "process_status",
        "arrived_at",
        "exit_reason",
        "left_at",
    )
    readonly_fields = ("household_reference", "arrived_at")

    @admin.display(description=_("person"))
    def short_id(self, person: Person) -> str:
        """The end of the id: its start is the same for all who came at one time."""
        return str(person.pk)[-8:]

    @admin.display(description=_("household"))
    def household_reference(self, person: Person) -> str:
        """A link to the household."""
        return household_link(person.household)

    @admin.display(description=_("age"))
    def bracket(self, person: Person) -> str:
        """The age bracket today."""
        today = clock.today(ZoneInfo(person.zone))  # type: ignore[attr-defined]
        return age_bracket(person.birth_earliest, person.birth_latest, today)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Persons the user may know of, with the zone in which their ages are counted."""
        persons: QuerySet[Any] = super().get_queryset(request)
        persons = persons.known_to(request.user)  # type: ignore[attr-defined]
        return persons.annotate(  # type: ignore[no-any-return]
            zone=Value(Operation.current().time_zone)
        )
